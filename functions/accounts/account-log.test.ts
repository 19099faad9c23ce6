// What the routes log when they change users and keys, and which of it is a security event.
import { beforeEach, expect, it } from "vitest";
import { OWNER_ID } from "../lib/access/roster.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routes } from "../routes.ts";
import { newUser, openAccountDeps } from "./accounts.fixture.ts";

const owner = newUser({ id: OWNER_ID, role: "owner", email: "owner@example.com" });
let deps: Awaited<ReturnType<typeof openAccountDeps>>;

beforeEach(async () => {
  deps = await openAccountDeps();
  await deps.users.change(() => [owner]);
});

async function call(name: (typeof routes)[number]["name"], { id, body }: { id?: string; body?: object } = {}) {
  const route = routes.find((each) => each.name === name);
  const keyRotation = {
    rotate: async () => ({ key: { id: "key-2", createdOn: 0 }, isNew: true }),
    revoke: async () => ({ key: { id: "key-3", createdOn: 0 }, revoked: 2 }),
  };
  const authenticate = async () => ({ subject: OWNER_ID, role: "owner" });
  const response = await invoke(route as never, { ...deps, keyRotation, authenticate } as never, {
    method: route?.methods[0] ?? "",
    ...(id !== undefined && { params: { id } }),
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  expect(response.status).toBeLessThan(300);
  return response.text === "" ? {} : JSON.parse(response.text);
}
const messages = () => deps.lines.map(({ message, action, event }) => [message, action ?? event]);

it("every change of a user is one line with ids and the names of what changed, and no e-mail address or token", async () => {
  const { user, token } = await call("user-create", { body: { email: "ada@example.com", role: "viewer" } });
  await call("password-redeem", { body: { token, password: "four words are enough" } });
  await call("user-update", { id: user.id, body: { role: "editor", tier: "pro" } });
  await call("user-reset", { id: user.id });
  await call("user-delete", { id: user.id });
  const by = { message: "user-changed", user: user.id, by: OWNER_ID };
  expect(deps.lines).toMatchObject([
    { ...by, action: "created", role: "viewer" },
    { ...by, action: "password-set", by: user.id, changed: ["password"] },
    { ...by, action: "updated", role: "editor", changed: ["role", "tier"] },
    { ...by, action: "reset", changed: ["password"] },
    { ...by, action: "deleted" },
  ]);
  const text = JSON.stringify(deps.lines);
  expect(text).not.toContain("@example.com");
  expect(text).not.toContain(token.split(".")[1]);
});

it("an owner who is created, whose role is raised, or who is reset is a security event", async () => {
  const body = { email: "ada@example.com", role: "viewer" };
  const { user } = await call("user-create", { body: { ...body, role: "owner" } });
  await call("user-update", { id: user.id, body: { tier: "pro" } });
  await call("user-update", { id: user.id, body: { role: "viewer" } });
  await call("user-update", { id: user.id, body: { role: "owner" } });
  await call("user-reset", { id: OWNER_ID });
  expect(messages().filter(([message]) => message === "security-event")).toEqual([
    ["security-event", "owner-added"],
    ["security-event", "owner-added"],
    ["security-event", "owner-reset"],
  ]);
  expect(deps.lines.at(-1)).toMatchObject({ level: "warn", user: OWNER_ID, by: OWNER_ID });
});

it("a rotation of the signing keys by the API is logged, and a revocation is a security event", async () => {
  await call("key-rotate", { body: {} });
  await call("key-rotate", { body: { revoke: true } });
  expect(deps.lines).toMatchObject([
    { message: "signing-key-created", key: "key-2", by: OWNER_ID },
    { message: "signing-key-created", key: "key-3" },
    { message: "signing-keys-disabled", disabled: 2, by: OWNER_ID },
    { message: "security-event", event: "signing-keys-revoked", key: "key-3", by: OWNER_ID },
  ]);
});
