// The routes with which an owner creates, changes and deletes users.
import { describe, expect, it } from "vitest";
import { OWNER_ID } from "../lib/access/roster.ts";
import { call, create, deps, kill, redeem, rosterIds, signIn, useAccounts } from "./users.fixture.ts";

useAccounts();

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
    const revive = kill("users", "change");
    expect((await call("user-create", { body: { email: "ada@example.com", role: "editor" } })).status).toBe(503);
    revive();
    expect(await rosterIds()).toEqual([OWNER_ID]);
    const { token } = await create();
    expect((await redeem(token)).status).toBe(204);
  });
});

describe("deleting a user", () => {
  it("removes roster entry, credentials and sessions, also what an interrupted request left", async () => {
    const { user, token } = await create();
    await redeem(token);
    await deps.sessions.start({ id: user.id, validFrom: 0 }, null);
    const revive = kill("credentials", "remove");
    expect((await call("user-delete", { id: user.id })).status).toBe(503);
    expect(await rosterIds()).toEqual([OWNER_ID]);
    expect(await signIn(user.email)).toBeUndefined();
    revive();
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
    const revive = kill("sessions", "endAll");
    const disable = () => call("user-update", { id: user.id, body: { state: "disabled" } });
    expect((await disable()).status).toBe(503);
    revive();
    expect((await disable()).status).toBe(200);
    expect(await deps.sessions.list(user.id)).toEqual([]);
    await call("user-update", { id: user.id, body: { state: "active" } });
    await deps.sessions.start({ id: user.id, validFrom: 0 }, null);
    await call("user-update", { id: user.id, body: { state: "active", tier: "pro" } });
    expect(await deps.sessions.list(user.id)).toHaveLength(1);
  });
});
