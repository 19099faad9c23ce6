// The routes of users and passwords against Azurite, with real hashes and sessions.
import { beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../lib/access/permissions.ts";
import { OWNER_ID, type User } from "../lib/access/roster.ts";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { createStoreClock } from "../lib/store-clock.ts";
import { routes } from "../routes.ts";
import { newUser, openAccountDeps } from "./accounts.fixture.ts";
import { createSignIn } from "./sign-in.ts";

const HOUR_MS = 3_600_000;
const PASSWORD = "four words are enough";
const owner = newUser({ id: OWNER_ID, role: "owner" });

let time: number;
let deps: Awaited<ReturnType<typeof openAccountDeps>>;
let caller: Caller;

beforeEach(async () => {
  time = 0;
  // The store's clock reads a Date header with each call; its offset is added here.
  const clock = createStoreClock();
  deps = await openAccountDeps({
    clock: {
      observe: clock.observe,
      now: () => ({ earliest: clock.now().earliest + time, latest: clock.now().latest + time }),
    },
  });
  caller = { subject: OWNER_ID, role: "owner" };
  await deps.users.change(() => [owner]);
});

type Name = (typeof routes)[number]["name"];

async function call(name: Name, { id, body }: { id?: string; body?: object } = {}) {
  const route = routes.find((each) => each.name === name);
  if (!route) throw new Error(`There is no route ${name}`);
  const authenticate = async () => caller;
  return invoke(route as never, { ...deps, authenticate } as never, {
    method: route.methods[0] ?? "",
    ...(id !== undefined && { params: { id } }),
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
}

async function create(body: object = { email: "ada@example.com", role: "editor" }) {
  const response = await call("user-create", { body });
  expect(response.status).toBe(201);
  return JSON.parse(response.text) as { user: User; token: string; expiresAt: string };
}
const redeem = (token: string, password = PASSWORD) => call("password-redeem", { body: { token, password } });
const signIn = (email: string, password = PASSWORD) => createSignIn(deps)(email, password);
const rosterIds = async () => (await deps.users.read()).map(({ id }) => id);
const userOf = async (id: string) => (await deps.users.read()).find((user) => user.id === id);

describe("creating a user", () => {
  it("returns a one-time token that sets the password once, after which the user can sign in", async () => {
    const { user, token } = await create();
    expect(await signIn(user.email)).toBeUndefined();
    expect((await redeem(token)).status).toBe(204);
    expect(await signIn("ADA@example.com")).toMatchObject({ user: { id: user.id } });
    expect((await redeem(token, "five other words are better")).error().code).toBe("VALIDATION_FAILED");
    expect(await signIn(user.email)).toBeDefined();
  });

  it("rejects an e-mail address in use with CONFLICT, and leaves no credentials behind", async () => {
    const written: string[] = [];
    const { write } = deps.credentials;
    deps.credentials.write = (id, ...rest) => {
      written.push(id);
      return write(id, ...rest);
    };
    const both = await Promise.all([
      call("user-create", { body: { email: "ada@example.com", role: "viewer" } }),
      call("user-create", { body: { email: "Ada@Example.com", role: "viewer" } }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    const stored = await Promise.all(written.map((id) => deps.credentials.find(id)));
    expect(stored.filter(Boolean)).toHaveLength(1);
  });

  it("that is interrupted after the credentials leaves a one-time token that does nothing, and can be repeated", async () => {
    const { change } = deps.users;
    deps.users.change = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "killed"));
    expect((await call("user-create", { body: { email: "ada@example.com", role: "editor" } })).status).toBe(503);
    deps.users.change = change;
    expect(await rosterIds()).toEqual([OWNER_ID]);
    const { token } = await create();
    expect((await redeem(token)).status).toBe(204);
  });
});

describe("a one-time token", () => {
  it("is rejected in the same way when it is unknown, expired, spent, of a disabled or of a deleted user", async () => {
    const { user, token } = await create();
    const unknown = await redeem(`${user.id}.${"A".repeat(43)}`);
    const stranger = await redeem(token.replace(user.id, crypto.randomUUID()));
    await call("user-update", { id: user.id, body: { state: "disabled" } });
    const disabled = await redeem(token);
    await call("user-update", { id: user.id, body: { state: "active" } });
    // Two instances' clocks differ by up to two seconds.
    time = HOUR_MS + 2_000;
    const expired = await redeem(token);
    time = 0;
    expect((await redeem(token)).status).toBe(204);
    const spent = await redeem(token);
    const again = JSON.parse((await call("user-reset", { id: user.id })).text) as { token: string };
    await call("user-delete", { id: user.id });
    const deleted = await redeem(again.token);
    const responses = [unknown, stranger, disabled, expired, spent, deleted];
    expect(new Set(responses.map(({ status, error }) => `${status} ${error().message}`)).size).toBe(1);
    expect(unknown.error().code).toBe("VALIDATION_FAILED");
  });

  it("sets one password when it is used twice at the same time", async () => {
    const { user, token } = await create();
    const passwords = [PASSWORD, "five other words are better"];
    const statuses = (await Promise.all(passwords.map((each) => redeem(token, each)))).map(({ status }) => status);
    expect([...statuses].sort()).toEqual([204, 400]);
    expect(await signIn(user.email, passwords[statuses.indexOf(204)])).toBeDefined();
    expect(await signIn(user.email, passwords[statuses.indexOf(400)])).toBeUndefined();
  });

  it("stays valid when the new password is common", async () => {
    const { token } = await create();
    const rejected = await redeem(token, "password1234");
    expect(rejected.error().details).toMatchObject([{ path: "body.password" }]);
    expect((await redeem(token)).status).toBe(204);
  });
});

describe("a reset", () => {
  it("removes the password, ends all sessions, rejects earlier tokens, and returns a new one-time token", async () => {
    const { user, token } = await create();
    await redeem(token);
    await deps.sessions.start({ id: user.id, validFrom: 0 }, null);
    const before = Math.floor(Date.now() / 1000);
    const reset = JSON.parse((await call("user-reset", { id: user.id })).text) as { token: string };
    expect(await signIn(user.email)).toBeUndefined();
    expect(await deps.sessions.list(user.id)).toEqual([]);
    expect((await userOf(user.id))?.validFrom).toBeGreaterThan(before);
    expect((await redeem(reset.token)).status).toBe(204);
    expect(await signIn(user.email)).toBeDefined();
  });

  it("and an enabled user reject tokens only after the sessions have ended, which could be exchanged for later ones", async () => {
    const { user } = await create();
    const { endAll } = deps.sessions;
    for (const [name, body] of [["user-reset"], ["user-update", { state: "active" }]] as const) {
      await call("user-update", { id: user.id, body: { state: name === "user-reset" ? "active" : "disabled" } });
      await deps.sessions.start({ id: user.id, validFrom: 0 }, null);
      const before = await userOf(user.id);
      deps.sessions.endAll = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "killed"));
      expect((await call(name, { id: user.id, ...(body && { body }) })).status).toBe(503);
      expect(await userOf(user.id)).toEqual(before);
      deps.sessions.endAll = endAll;
      expect((await call(name, { id: user.id, ...(body && { body }) })).status).toBe(200);
      expect(await deps.sessions.list(user.id)).toEqual([]);
    }
  });

  it("of an unknown user is NOT_FOUND and writes nothing", async () => {
    const id = crypto.randomUUID();
    expect((await call("user-reset", { id })).error().code).toBe("NOT_FOUND");
    expect(await deps.credentials.find(id)).toBeUndefined();
  });
});

describe("deleting a user", () => {
  it("removes roster entry, credentials and sessions, also what an interrupted request left", async () => {
    const { user, token } = await create();
    await redeem(token);
    await deps.sessions.start({ id: user.id, validFrom: 0 }, null);
    const { remove } = deps.credentials;
    deps.credentials.remove = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "killed"));
    expect((await call("user-delete", { id: user.id })).status).toBe(503);
    expect(await rosterIds()).toEqual([OWNER_ID]);
    expect(await signIn(user.email)).toBeUndefined();
    deps.credentials.remove = remove;
    expect((await call("user-delete", { id: user.id })).error().code).toBe("NOT_FOUND");
    expect(await deps.credentials.find(user.id)).toBeUndefined();
    expect(await deps.sessions.list(user.id)).toEqual([]);
  });

  it("is 204, and CONFLICT for the last owner, whose password stays", async () => {
    const { user } = await create();
    await deps.credentials.write(OWNER_ID, { hash: "kept" }, undefined);
    expect((await call("user-delete", { id: user.id })).status).toBe(204);
    expect((await call("user-delete", { id: OWNER_ID })).error().code).toBe("CONFLICT");
    expect((await deps.credentials.find(OWNER_ID))?.credentials.hash).toBe("kept");
  });
});

describe("changing a user", () => {
  it("changes role, tier and state, and the list shows it", async () => {
    const { user } = await create();
    const body = { role: "viewer", tier: "pro", state: "disabled" };
    expect(JSON.parse((await call("user-update", { id: user.id, body })).text)).toEqual({ ...user, ...body });
    expect(JSON.parse((await call("user-list")).text).users).toMatchObject([
      { id: OWNER_ID },
      { id: user.id, ...body },
    ]);
    expect((await call("user-update", { id: user.id, body: {} })).error().code).toBe("VALIDATION_FAILED");
  });

  it("ends all sessions of a user who is disabled, also when an interrupted request is repeated", async () => {
    const { user } = await create();
    await deps.sessions.start({ id: user.id, validFrom: 0 }, null);
    const { endAll } = deps.sessions;
    deps.sessions.endAll = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "killed"));
    const disable = () => call("user-update", { id: user.id, body: { state: "disabled" } });
    expect((await disable()).status).toBe(503);
    deps.sessions.endAll = endAll;
    expect((await disable()).status).toBe(200);
    expect(await deps.sessions.list(user.id)).toEqual([]);
    await call("user-update", { id: user.id, body: { state: "active" } });
    await deps.sessions.start({ id: user.id, validFrom: 0 }, null);
    await call("user-update", { id: user.id, body: { state: "active", tier: "pro" } });
    expect(await deps.sessions.list(user.id)).toHaveLength(1);
  });
});

describe("the caller's own account", () => {
  async function signedIn() {
    const { user, token } = await create();
    await redeem(token);
    const [mine, other] = [
      await deps.sessions.start({ id: user.id, validFrom: 0 }, null),
      await deps.sessions.start({ id: user.id, validFrom: 0 }, null),
    ];
    caller = { subject: user.id, role: "viewer", session: mine.session };
    return { user, mine, other };
  }

  it("has the role of the token, and only id and role for a caller of Entra ID", async () => {
    const { user } = await signedIn();
    expect(JSON.parse((await call("user-me")).text)).toEqual({
      id: user.id,
      role: "viewer",
      email: user.email,
      tier: "free",
    });
    caller = { subject: "entra.1", role: "editor" };
    expect(JSON.parse((await call("user-me")).text)).toEqual({ id: "entra.1", role: "editor" });
    const body = { currentPassword: PASSWORD, email: "eve@example.com" };
    expect((await call("user-me-update", { body })).error().code).toBe("FORBIDDEN");
  });

  it("takes a new password and e-mail address with the current password, and ends all other sessions", async () => {
    const { user, mine } = await signedIn();
    const body = {
      currentPassword: PASSWORD,
      newPassword: "five other words are better",
      email: "Lovelace@example.com",
    };
    expect((await call("user-me-update", { body })).status).toBe(200);
    expect((await deps.sessions.list(user.id)).map(({ id }) => id)).toEqual([mine.session]);
    expect(await signIn("lovelace@example.com", body.newPassword)).toBeDefined();
    expect(await signIn("lovelace@example.com")).toBeUndefined();
  });

  it("ends all other sessions when a request that was interrupted before that is repeated", async () => {
    const { user, mine } = await signedIn();
    const { endAll } = deps.sessions;
    deps.sessions.endAll = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "killed"));
    const body = { currentPassword: PASSWORD, newPassword: "five other words are better" };
    expect((await call("user-me-update", { body })).status).toBe(503);
    deps.sessions.endAll = endAll;
    expect((await call("user-me-update", { body })).status).toBe(200);
    expect((await deps.sessions.list(user.id)).map(({ id }) => id)).toEqual([mine.session]);
    expect(await signIn(user.email, body.newPassword)).toBeDefined();
    expect(await signIn(user.email)).toBeUndefined();
  });

  it("changes nothing with a wrong password, a common new one, or an e-mail address in use", async () => {
    const { user } = await signedIn();
    const newPassword = "five other words are better";
    for (const [body, code] of [
      [{ currentPassword: "wrong", newPassword }, "VALIDATION_FAILED"],
      [{ currentPassword: PASSWORD, newPassword: "password1234" }, "VALIDATION_FAILED"],
      [{ currentPassword: PASSWORD }, "VALIDATION_FAILED"],
      [{ currentPassword: PASSWORD, newPassword, email: owner.email }, "CONFLICT"],
    ] as const) {
      const response = await call("user-me-update", { body });
      expect(response.error().code).toBe(code);
      expect(response.text).not.toContain(newPassword);
    }
    expect(await deps.sessions.list(user.id)).toHaveLength(2);
    expect(await signIn(user.email)).toBeDefined();
  });
});
