// Sets a password with a one-time token, which is typed or in the fragment of a link: no server and no log sees it there.
import { useEffect, useState } from "preact/hooks";
import { call } from "../account.ts";
import { Field } from "../ui/field.tsx";
import { ErrorNotice } from "../ui/states.tsx";
import { useAction } from "../use-request.ts";

export function RedeemView({ token: linked }: { token: string }) {
  const [token, setToken] = useState(linked);
  const [isDone, setDone] = useState(false);
  const { error, isRunning, run } = useAction();
  // The token leaves the address bar and the history.
  useEffect(() => {
    if (linked !== "") history.replaceState(null, "", "#/redeem");
  }, [linked]);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget as HTMLFormElement).get("password"));
    void run(async () => {
      await call("password-redeem", { body: { token: token.trim(), password } });
      setDone(true);
    });
  }
  if (isDone)
    return (
      <div class="card">
        <h1>Password set</h1>
        <p>You can sign in with it now.</p>
        <a class="button primary" href="#/">
          Sign in
        </a>
      </div>
    );
  return (
    <form class="card" onSubmit={submit}>
      <h1>Set a password</h1>
      <Field label="One-time token" hint="From the owner of the site. It is valid for an hour, and once.">
        {(attributes) => (
          <input
            {...attributes}
            class="code"
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
            autocomplete="off"
            spellcheck={false}
            required
          />
        )}
      </Field>
      <Field label="New password" hint="12 to 128 characters. A few words are better than signs.">
        {(attributes) => (
          <input
            {...attributes}
            type="password"
            name="password"
            autocomplete="new-password"
            minLength={12}
            maxLength={128}
            required
          />
        )}
      </Field>
      {error && <ErrorNotice error={error} />}
      <button type="submit" class="button primary" disabled={isRunning}>
        {isRunning ? "Setting…" : "Set the password"}
      </button>
      <p class="hint">
        <a href="#/">Back to the sign-in</a>
      </p>
    </form>
  );
}
