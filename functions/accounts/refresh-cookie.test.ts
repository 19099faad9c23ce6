// The refresh token as a cookie: its protection, who may use it, and session fixation.
import { describe, expect, it } from "vitest";
import { newUser } from "./accounts.fixture.ts";
import {
  cookieOf,
  idsOf,
  ORIGIN,
  post,
  refresh,
  sessions,
  signIn,
  state,
  useTokens,
  withCookie,
} from "./token.fixture.ts";

useTokens();

describe("the refresh cookie", () => {
  it("is set with its protection, replaces the token of the body, and is rotated by a refresh", async () => {
    const first = await signIn({ cookie: "true" }, { origin: ORIGIN });
    expect(first.json.refresh_token).toBeUndefined();
    const protection = { path: "/api/v1/auth", httpOnly: true, secure: true, sameSite: "Strict", maxAge: 2_592_000 };
    expect(first.cookies).toEqual([{ name: "__Secure-vitae-refresh", value: expect.any(String), ...protection }]);
    const second = await refresh({}, withCookie(first));
    expect(second).toMatchObject({ status: 200, json: { expires_in: 900 } });
    expect(second.json.refresh_token).toBeUndefined();
    expect(cookieOf(second)).not.toBe(cookieOf(first));
  });

  it("is neither set nor used by a request of another origin, of none and of null", async () => {
    const response = await signIn({ cookie: "true" }, { origin: ORIGIN });
    const before = await sessions.list(state.user.id);
    const origins: Record<string, string>[] = [{ origin: "https://evil.example" }, { origin: "null" }, {}];
    for (const origin of origins) {
      const { origin: _, ...own } = withCookie(response);
      for (const rejected of [
        await signIn({ cookie: "true" }, origin),
        await refresh({}, { ...own, ...origin }),
        await post("revoke", {}, { ...own, ...origin }),
      ]) {
        expect(rejected).toMatchObject({ status: 403, json: { error: "invalid_request" }, cookies: [] });
      }
    }
    expect(await sessions.list(state.user.id)).toEqual(before);
  });

  it("of an earlier session of the same user ends that session at a sign-in, unless it is a guess", async () => {
    const first = await signIn({ cookie: "true" }, { origin: ORIGIN });
    const second = await signIn({ cookie: "true" }, withCookie(first));
    expect(await idsOf()).toEqual([cookieOf(second)?.split(".")[1]]);
    const guess = { cookies: [{ name: "__Secure-vitae-refresh", value: `${cookieOf(second)?.slice(0, -3)}AAA` }] };
    await signIn({ cookie: "true" }, withCookie(guess));
    expect(await idsOf()).toHaveLength(2);
  });

  it("is rejected together with a token in the form", async () => {
    const first = await signIn({ cookie: "true" }, { origin: ORIGIN });
    const other = (await signIn()).json.refresh_token;
    const headers = withCookie(first);
    expect((await refresh({ refresh_token: other }, headers)).json.error).toBe("invalid_request");
    expect((await post("revoke", { token: other }, headers)).json.error).toBe("invalid_request");
    expect((await refresh({ refresh_token: other, cookie: "true" }, { origin: ORIGIN })).json.error).toBe(
      "invalid_request",
    );
    expect(await idsOf()).toHaveLength(2);
  });

  it("of an earlier session is neither reused nor ended by a sign-in, so that a planted one is worthless", async () => {
    const planted = await signIn({ cookie: "true" }, { origin: ORIGIN });
    const attacker = state.user;
    state.user = newUser();
    const victim = await signIn({ cookie: "true" }, withCookie(planted));
    expect(cookieOf(victim)?.split(".")[1]).not.toBe(cookieOf(planted)?.split(".")[1]);
    expect(await idsOf()).toHaveLength(1);
    expect(await sessions.list(attacker.id)).toHaveLength(1);
  });

  it("is deleted by a refresh that finds its session over", async () => {
    const signedIn = await signIn({ cookie: "true" }, { origin: ORIGIN });
    await sessions.endAll(state.user.id);
    const response = await refresh({}, withCookie(signedIn));
    expect(response).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    expect(response.cookies).toMatchObject([{ name: "__Secure-vitae-refresh", value: "", maxAge: 0 }]);
    // The client has the token itself, and keeps or deletes it.
    expect((await refresh({ refresh_token: cookieOf(signedIn) ?? "" })).cookies).toEqual([]);
  });

  it("is deleted by a sign-out, which ends the session", async () => {
    const signedIn = await signIn({ cookie: "true" }, { origin: ORIGIN });
    const response = await post("revoke", {}, withCookie(signedIn));
    expect([response.status, response.json]).toEqual([200, {}]);
    expect(response.cookies).toMatchObject([{ name: "__Secure-vitae-refresh", value: "", maxAge: 0 }]);
    expect(await idsOf()).toEqual([]);
  });
});
