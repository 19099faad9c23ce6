// The keys that sign access tokens: rotate, and revoke after a leak.
import { call } from "../account.ts";
import { formatTime } from "../format.ts";
import type { Output } from "../operations.ts";
import { confirmAction } from "../ui/confirm.tsx";
import { ErrorNotice, Loaded } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useAction, useRequest } from "../use-request.ts";

type KeyState = Output<"key-list">["keys"][number]["state"];

const STATES: Readonly<Record<KeyState, readonly [label: string, badge: string]>> = {
  published: ["Will sign soon", "accent"],
  signing: ["Signs", "good"],
  verifying: ["Verifies", ""],
  retired: ["Retired", ""],
};

export function KeysView() {
  const request = useRequest(async () => (await call("key-list")).data.keys);
  const { error, isRunning, run } = useAction();
  const rotate = (revoke: boolean) =>
    run(async () => {
      const { revoked } = (await call("key-rotate", { body: { revoke } })).data;
      showToast(revoke ? `${revoked} keys revoked.` : "A new key is published. It signs after ten minutes.");
      request.reload();
    });
  const revoke = async () => {
    const text =
      "A new key signs at once, and every other key is disabled: all access tokens end within a minute. Sessions continue. Do this when a key has leaked.";
    if (await confirmAction({ title: "Revoke all keys?", text, action: "Revoke all keys" })) await rotate(true);
  };
  return (
    <>
      <div class="view-head">
        <h1 tabIndex={-1}>Signing keys</h1>
        <div class="actions">
          <button type="button" class="button" disabled={isRunning} onClick={() => void rotate(false)}>
            Rotate
          </button>
          <button type="button" class="button danger" disabled={isRunning} onClick={() => void revoke()}>
            Revoke all
          </button>
        </div>
      </div>
      <p class="hint">They sign the access tokens of this API, and are replaced every 30 days by themselves.</p>
      {error && <ErrorNotice error={error} />}
      <Loaded request={request} label="Loading the keys">
        {(keys) => (
          <Table caption="Signing keys" head={["Key", "State", "Created", "Ends"]}>
            {keys.map(({ createdAt, expiresAt, id, state }) => (
              <tr key={id}>
                <th scope="row">
                  <code>{id}</code>
                </th>
                <td>
                  <span class={`badge ${STATES[state][1]}`}>{STATES[state][0]}</span>
                </td>
                <td>{formatTime(createdAt)}</td>
                <td>{formatTime(expiresAt)}</td>
              </tr>
            ))}
          </Table>
        )}
      </Loaded>
    </>
  );
}
