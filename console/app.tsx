// The frame of the console: navigation, the current view, messages. Without a session the sign-in.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { account, type Me, readAccount, signOut } from "./account.ts";
import { usePlace } from "./router.ts";
import { useStore } from "./store.ts";
import { ConfirmDialog } from "./ui/confirm.tsx";
import { Icon } from "./ui/icon.tsx";
import { ErrorNotice, Loading } from "./ui/states.tsx";
import { showToast, Toasts } from "./ui/toasts.tsx";
import { RedeemView } from "./views/redeem.tsx";
import { SignInView } from "./views/sign-in.tsx";
import { viewsFor } from "./views/views.tsx";

function Brand() {
  return (
    <p class="brand">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <rect width="16" height="16" rx="4" />
        <path d="m4.500 5 3.500 6 3.500-6" />
      </svg>
      Vitae
    </p>
  );
}

/** What is shown without a session. */
function Outside({ children }: { children: ComponentChildren }) {
  return (
    <main class="outside">
      <Brand />
      {children}
    </main>
  );
}

function leave(): void {
  signOut().catch((error: Error) => showToast(`You are still signed in. ${error.message}`));
}

function Inside({ me, place }: { me: Me; place: ReturnType<typeof usePlace> }) {
  const views = viewsFor(me);
  const current = views.find(({ path }) => path === place.view) ?? views[0];
  const main = useRef<HTMLElement>(null);
  const nav = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const key = `${place.view}/${place.id ?? ""}`;
  useEffect(() => {
    document.title = `${current?.label} · Vitae console`;
    // On a phone the links are wider than the window.
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    if (!isFirst.current) main.current?.querySelector("h1")?.focus();
    isFirst.current = false;
  }, [key]);
  if (!current) return null;
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header class="side">
        <Brand />
        <nav aria-label="Console" ref={nav}>
          <ul>
            {views.map(({ path, label, icon }) => (
              <li key={path}>
                <a href={`#/${path}`} aria-current={path === current.path ? "page" : undefined}>
                  <Icon name={icon} />
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="who">
          <p title={me.email ?? me.id}>{me.email ?? me.id}</p>
          <button type="button" class="button small quiet" onClick={leave}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1} key={key}>
        {current.render(place)}
      </main>
    </div>
  );
}

function Content() {
  const current = useStore(account);
  const place = usePlace();
  if (place.view === "redeem")
    return (
      <Outside>
        <RedeemView token={place.params.get("token") ?? ""} />
      </Outside>
    );
  switch (current.state) {
    case "starting":
      return (
        <Outside>
          <Loading label="Opening the console" />
        </Outside>
      );
    case "failed":
      return (
        <Outside>
          <ErrorNotice error={new Error(current.message)} onRetry={() => void readAccount()} />
        </Outside>
      );
    case "signed-out":
      return (
        <Outside>
          <SignInView />
        </Outside>
      );
    case "signed-in":
      return <Inside me={current.me} place={place} />;
  }
}

export function App() {
  return (
    <>
      <Content />
      <Toasts />
      <ConfirmDialog />
    </>
  );
}
