// The user's own account: password, and where they are signed in.
import { useState } from "preact/hooks";
import { call, signOut } from "../account.ts";
import { formatTime } from "../format.ts";
import type { Output } from "../operations.ts";
import { confirmAction } from "../ui/confirm.tsx";
import { Field } from "../ui/field.tsx";
import { ErrorNotice, Loaded } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useAction, useRequest } from "../use-request.ts";

type Session = Output<"session-list">["sessions"][number];

function PasswordForm({ onChanged }: { onChanged: () => void }) {
  const { error, isRunning, run } = useAction();
  const [version, setVersion] = useState(0);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [currentPassword, newPassword] = [String(form.get("current")), String(form.get("new"))];
    void run(async () => {
      await call("user-me-update", { body: { currentPassword, newPassword } });
      setVersion(version + 1);
      showToast("Password changed. All other sessions have ended.");
      onChanged();
    });
  }
  return (
    <form class="panel" onSubmit={submit} key={version} aria-labelledby="password">
      <h2 id="password">Password</h2>
      <div class="row">
        <Field label="Current password">
          {(attributes) => (
            <input {...attributes} type="password" name="current" autocomplete="current-password" required />
          )}
        </Field>
        <Field label="New password">
          {(attributes) => (
            <input
              {...attributes}
              type="password"
              name="new"
              autocomplete="new-password"
              minLength={12}
              maxLength={128}
              required
            />
          )}
        </Field>
        <button type="submit" class="button" disabled={isRunning}>
          Change password
        </button>
      </div>
      <p class="hint">12 to 128 characters. A change ends all other sessions.</p>
      {error && <ErrorNotice error={error} />}
    </form>
  );
}

function SessionRow({ session, onEnded }: { session: Session; onEnded: () => void }) {
  const { client, createdAt, current, id, lastUsedAt } = session;
  const { error, isRunning, run } = useAction();
  const end = () =>
    run(async () => {
      if (current) return signOut();
      await call("session-delete", { params: { id } });
      showToast(`Session of ${client} ended.`);
      onEnded();
    });
  return (
    <tr>
      <th scope="row">
        {client} {current && <span class="badge accent">This one</span>}
        {error && <ErrorNotice error={error} />}
      </th>
      <td>{formatTime(createdAt)}</td>
      <td>{formatTime(lastUsedAt)}</td>
      <td class="cell-actions">
        <button type="button" class="button small" disabled={isRunning} onClick={() => void end()}>
          {current ? "Sign out" : "End"}
          <span class="hidden"> the session of {client}</span>
        </button>
      </td>
    </tr>
  );
}

/** Ends all sessions, this one last, so that a failure leaves the user signed in and able to try again. */
async function signOutEverywhere(sessions: readonly Session[]): Promise<void> {
  for (const { current, id } of sessions) if (!current) await call("session-delete", { params: { id } });
  await signOut();
}

export function AccountView() {
  const request = useRequest(async () => (await call("session-list")).data.sessions);
  const { error, isRunning, run } = useAction();
  const everywhere = async (sessions: readonly Session[]) => {
    const text = "Every session ends, this one too. Their access lasts up to 15 minutes more.";
    if (await confirmAction({ title: "Sign out everywhere?", text, action: "Sign out everywhere" }))
      await run(() => signOutEverywhere(sessions));
  };
  return (
    <>
      <h1 tabIndex={-1}>Account</h1>
      <PasswordForm onChanged={request.reload} />
      <Loaded request={request} label="Loading the sessions">
        {(sessions) => (
          <section class="stack" aria-labelledby="sessions">
            <div class="panel-head">
              <h2 id="sessions">Sessions</h2>
              <button
                type="button"
                class="button small danger"
                disabled={isRunning}
                onClick={() => void everywhere(sessions)}
              >
                Sign out everywhere
              </button>
            </div>
            {error && <ErrorNotice error={error} />}
            <Table caption="Sessions" head={["Where", "Signed in", "Last used", "Actions"]}>
              {sessions.map((session) => (
                <SessionRow key={session.id} session={session} onEnded={request.reload} />
              ))}
            </Table>
          </section>
        )}
      </Loaded>
    </>
  );
}
