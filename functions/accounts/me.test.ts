// The caller's own account: password, e-mail address, and which sessions a change ends.
import { describe, expect, it } from "vitest";
import { call, create, deps, kill, owner, PASSWORD, redeem, signIn, state, useAccounts } from "./users.fixture.ts";

useAccounts();

describe("the caller's own account", () => {
  async function signedIn() {
    const { user, token } = await create();
    await redeem(token);
    const [mine, other] = [
      await deps.sessions.start({ id: user.id, validFrom: 0 }, null),
      await deps.sessions.start({ id: user.id, validFrom: 0 }, null),
    ];
    state.caller = { subject: user.id, role: "viewer", session: mine.session };
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
    state.caller = { subject: "entra.1", role: "editor" };
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
    const revive = kill("sessions", "endAll");
    const body = { currentPassword: PASSWORD, newPassword: "five other words are better" };
    expect((await call("user-me-update", { body })).status).toBe(503);
    revive();
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
