// One-time tokens: what redeems and what rejects them, and the reset that creates them.
import { describe, expect, it } from "vitest";
import { call, create, deps, kill, PASSWORD, redeem, signIn, state, useAccounts, userOf } from "./users.fixture.ts";

useAccounts();

const HOUR_MS = 3_600_000;

describe("a one-time token", () => {
  it("is rejected in the same way when it is unknown, expired, spent, of a disabled or of a deleted user", async () => {
    const { user, token } = await create();
    const unknown = await redeem(`${user.id}.${"A".repeat(43)}`);
    const stranger = await redeem(token.replace(user.id, crypto.randomUUID()));
    await call("user-update", { id: user.id, body: { state: "disabled" } });
    const disabled = await redeem(token);
    await call("user-update", { id: user.id, body: { state: "active" } });
    // Two instances' clocks differ by up to two seconds.
    state.time = HOUR_MS + 2_000;
    const expired = await redeem(token);
    state.time = 0;
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
    for (const [name, body] of [["user-reset"], ["user-update", { state: "active" }]] as const) {
      await call("user-update", { id: user.id, body: { state: name === "user-reset" ? "active" : "disabled" } });
      await deps.sessions.start({ id: user.id, validFrom: 0 }, null);
      const before = await userOf(user.id);
      const revive = kill("sessions", "endAll");
      expect((await call(name, { id: user.id, ...(body && { body }) })).status).toBe(503);
      expect(await userOf(user.id)).toEqual(before);
      revive();
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
