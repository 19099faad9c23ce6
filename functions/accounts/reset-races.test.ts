// A reset that is killed between its writes, and one that a password change races.
import { beforeEach, expect, it } from "vitest";
import type { User } from "../lib/access/roster.ts";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routes } from "../routes.ts";
import { newUser, openAccountDeps } from "./accounts.fixture.ts";

const OLD = "four words are enough";
let deps: Awaited<ReturnType<typeof openAccountDeps>>;
let user: User;

beforeEach(async () => {
  user = newUser();
  // Hashing costs time and decides nothing here.
  const passwords = {
    hash: async (password: string) => password,
    verify: async (password: string, stored?: string) => ({ isValid: password === stored }),
  };
  deps = { ...(await openAccountDeps()), passwords };
  await deps.users.change(() => [newUser({ role: "owner" }), user]);
  await deps.credentials.write(user.id, { hash: OLD }, undefined);
});

function call(name: "user-reset" | "user-me-update", body?: object) {
  const route = routes.find((each) => each.name === name);
  const authenticate = async () => ({ subject: user.id, role: "owner" });
  return invoke(route as never, { ...deps, authenticate } as never, {
    method: route?.methods[0] ?? "",
    params: { id: user.id },
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
}
const stored = async () => (await deps.credentials.find(user.id))?.credentials;

it.each(["sessions", "users"] as const)(
  "a reset that is killed before it changes the %s has removed the password, and its repetition ends the sessions",
  async (store) => {
    await deps.sessions.start({ id: user.id, validFrom: 0 }, null);
    const { sessions, users } = deps;
    const killed = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "killed"));
    if (store === "sessions") deps.sessions = { ...sessions, endAll: killed };
    else deps.users = { ...users, change: killed };
    expect((await call("user-reset")).status).toBe(503);
    expect((await stored())?.hash).toBeUndefined();
    Object.assign(deps, { sessions, users });
    expect((await call("user-reset")).status).toBe(200);
    expect(await sessions.list(user.id)).toEqual([]);
    expect((await users.read()).find(({ id }) => id === user.id)?.validFrom).toBeGreaterThan(0);
  },
);

it("a password change that a reset overtakes after its check is rejected, and the reset's one-time token stays", async () => {
  const { hash } = deps.passwords;
  deps.passwords.hash = async (password) => {
    expect((await call("user-reset")).status).toBe(200);
    return hash(password);
  };
  const response = await call("user-me-update", { currentPassword: OLD, newPassword: "five other words are better" });
  expect(response.error().code).toBe("VALIDATION_FAILED");
  expect(await stored()).toEqual({ oneTime: expect.anything() });
});
