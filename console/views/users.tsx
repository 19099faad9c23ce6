// The users of the site: invite, change, reset, delete.
import { useState } from "preact/hooks";
import { account, call } from "../account.ts";
import { formatDate } from "../format.ts";
import type { Input, Output } from "../operations.ts";
import { useStore } from "../store.ts";
import { confirmAction } from "../ui/confirm.tsx";
import { Field, Select } from "../ui/field.tsx";
import { ErrorNotice, Loaded } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useAction, useRequest } from "../use-request.ts";
import { type Invitation, InvitationNotice } from "./invitation.tsx";

type User = Output<"user-list">["users"][number];
type Changes = Exclude<Input<"user-update">["body"], FormData | undefined>;

const ROLES = [
  ["viewer", "Viewer"],
  ["editor", "Editor"],
  ["owner", "Owner"],
] as const;
const TIERS = [
  ["free", "Free"],
  ["basic", "Basic"],
  ["pro", "Pro"],
  ["enterprise", "Enterprise"],
] as const satisfies readonly (readonly [User["tier"], string])[];

function InviteForm({ onInvited }: { onInvited: (invitation: Invitation) => void }) {
  const [role, setRole] = useState<User["role"]>("viewer");
  const { error, isRunning, run } = useAction();
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const email = String(new FormData(form).get("email"));
    void run(async () => {
      onInvited((await call("user-create", { body: { email, role } })).data);
      form.reset();
    });
  }
  return (
    <form class="panel" onSubmit={submit} aria-labelledby="invite">
      <h2 id="invite">Invite a user</h2>
      <div class="row">
        <Field label="E-mail address">
          {(attributes) => <input {...attributes} type="email" name="email" autocomplete="off" required />}
        </Field>
        <Select label="Role" value={role} options={ROLES} onChange={setRole} />
        <button type="submit" class="button primary" disabled={isRunning}>
          Create user
        </button>
      </div>
      {error && <ErrorNotice error={error} />}
    </form>
  );
}

type RowProps = {
  user: User;
  isMe: boolean;
  onChanged: () => void;
  onInvited: (invitation: Invitation) => void;
};

function UserRow({ user, isMe, onChanged, onInvited }: RowProps) {
  const { createdAt, email, id, role, state, tier } = user;
  const { error, isRunning, run } = useAction();
  const update = (body: Changes, text: string) =>
    run(async () => {
      await call("user-update", { params: { id }, body });
      showToast(text);
    }).finally(onChanged);
  const isDisabled = state === "disabled";
  const toggle = async () => {
    const title = `Disable ${email}?`;
    const text = "All sessions of the user end now, and nobody can sign in as them until you enable them again.";
    if (!isDisabled && !(await confirmAction({ title, text, action: "Disable" }))) return;
    await update({ state: isDisabled ? "active" : "disabled" }, `${email} ${isDisabled ? "enabled" : "disabled"}.`);
  };
  const reset = async () => {
    const title = `Reset the password of ${email}?`;
    const text = "The password is removed and all sessions end. You get a one-time token to pass on.";
    if (!(await confirmAction({ title, text, action: "Reset password" }))) return;
    await run(async () => onInvited((await call("user-reset", { params: { id } })).data));
  };
  const remove = async () => {
    const title = `Delete ${email}?`;
    const text = "The account and its sessions are deleted. The user's images stay stored, and nobody can see them.";
    if (!(await confirmAction({ title, text, action: "Delete user" }))) return;
    await run(async () => {
      await call("user-delete", { params: { id } });
      showToast(`${email} deleted.`);
      onChanged();
    });
  };
  return (
    <>
      <tr aria-busy={isRunning}>
        <th scope="row">
          {email} {isMe && <span class="badge accent">You</span>}{" "}
          {isDisabled && <span class="badge bad">Disabled</span>}
        </th>
        <td>
          <select
            aria-label={`Role of ${email}`}
            value={role}
            disabled={isRunning}
            onChange={({ currentTarget: { value } }) =>
              void update({ role: value as User["role"] }, `Role of ${email} changed.`)
            }
          >
            {ROLES.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </td>
        <td>
          <select
            aria-label={`Tier of ${email}`}
            value={tier}
            disabled={isRunning}
            onChange={({ currentTarget: { value } }) =>
              void update({ tier: value as User["tier"] }, `Tier of ${email} changed.`)
            }
          >
            {TIERS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </td>
        <td>{formatDate(createdAt)}</td>
        <td class="cell-actions">
          <button type="button" class="button small" onClick={() => void reset()}>
            Reset password<span class="hidden"> of {email}</span>
          </button>
          <button type="button" class="button small" onClick={() => void toggle()}>
            {isDisabled ? "Enable" : "Disable"}
            <span class="hidden"> {email}</span>
          </button>
          <button type="button" class="button small danger" onClick={() => void remove()}>
            Delete<span class="hidden"> {email}</span>
          </button>
        </td>
      </tr>
      {error && (
        <tr>
          <td colSpan={5}>
            <ErrorNotice error={error} />
          </td>
        </tr>
      )}
    </>
  );
}

export function UsersView() {
  const request = useRequest(async () => (await call("user-list")).data.users);
  const [invitation, setInvitation] = useState<Invitation | undefined>();
  const current = useStore(account);
  const myId = current.state === "signed-in" ? current.me.id : "";
  const showInvitation = (next: Invitation) => {
    setInvitation(next);
    request.reload();
  };
  return (
    <>
      <h1 tabIndex={-1}>Users</h1>
      <InviteForm onInvited={showInvitation} />
      {invitation && <InvitationNotice invitation={invitation} onClose={() => setInvitation(undefined)} />}
      <Loaded request={request} label="Loading the users">
        {(users) => (
          <Table caption="Users" head={["User", "Role", "Tier", "Since", "Actions"]}>
            {users.map((user) => (
              <UserRow
                key={user.id}
                user={user}
                isMe={user.id === myId}
                onChanged={request.reload}
                onInvited={showInvitation}
              />
            ))}
          </Table>
        )}
      </Loaded>
    </>
  );
}
