// Sign-in, refresh, sign-out and the list of sessions, with tokens in the body.
import { randomUUID } from "node:crypto";
import { RestError } from "@azure/data-tables";
import { describe, expect, it, vi } from "vitest";
import type { User } from "../lib/access/roster.ts";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { newUser } from "./accounts.fixture.ts";
import { updateMe } from "./me.ts";
import { MAX_SESSIONS } from "./sessions.ts";
import {
  deps,
  type Form,
  idsOf,
  post,
  refresh,
  routes,
  sessionRows,
  sessions,
  signIn,
  state,
  useTokens,
} from "./token.fixture.ts";

useTokens();

describe("POST /v1/auth/token", () => {
  it("returns tokens for a password, and new ones for the refresh token", async () => {
    const first = await signIn();
    expect(first).toMatchObject({ status: 200, json: { token_type: "Bearer", expires_in: 900 } });
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(first.cookies).toEqual([]);
    const caller = await deps.authenticate(`Bearer ${first.json.access_token}`);
    expect(caller).toMatchObject({ subject: state.user.id, role: "editor", session: (await idsOf())[0] });
    const second = await refresh({ refresh_token: first.json.refresh_token });
    expect(second.json.refresh_token).not.toBe(first.json.refresh_token);
    expect((await refresh({ refresh_token: first.json.refresh_token })).json.refresh_token).toBe(
      second.json.refresh_token,
    );
    expect(await idsOf()).toEqual([caller.session]);
  });

  it("rejects a wrong password and an unknown user with the same invalid_grant", async () => {
    const [wrong, unknown] = [await signIn({ password: "wrong" }), await signIn({ username: "eve@example.com" })];
    expect(wrong).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    expect({ ...unknown.json, trace_id: "" }).toEqual({ ...wrong.json, trace_id: "" });
    expect(await idsOf()).toEqual([]);
  });

  it("leaves no session when the password changes meanwhile, and none when no token can be issued", async () => {
    state.isCurrent = false;
    expect((await signIn()).json.error).toBe("invalid_grant");
    state.isCurrent = true;
    deps.issueToken.mockRejectedValueOnce(new AppError("DEPENDENCY_UNAVAILABLE", "No keys"));
    expect(await signIn()).toMatchObject({ status: 503, json: { error: "temporarily_unavailable" } });
    expect(await idsOf()).toEqual([]);
  });

  it("ends no other session before it succeeds, and leaves none of its own when it fails", async () => {
    await Promise.all(Array.from({ length: MAX_SESSIONS }, () => sessions.start(state.user, null)));
    const before = (await idsOf()).sort();
    state.isCurrent = false;
    expect((await signIn()).json.error).toBe("invalid_grant");
    state.isCurrent = true;
    vi.spyOn(sessionRows, "list").mockRejectedValueOnce(new RestError("failed", { statusCode: 403 }));
    expect((await signIn()).status).toBe(503);
    expect((await idsOf()).sort()).toEqual(before);
    expect((await signIn()).status).toBe(200);
    expect(await idsOf()).toHaveLength(MAX_SESSIONS);
  });

  it("issues no access token later than a change of the password that it overlooks", async () => {
    deps.issueToken.mockImplementationOnce(async () => {
      state.isCurrent = false;
      return { token: "issued before the change", expiresIn: 900 };
    });
    expect((await signIn()).json.error).toBe("invalid_grant");
    expect(await idsOf()).toEqual([]);
  });

  it("counts sign-ins apart from the attempts of a signed-in user, who could be blocked otherwise", () => {
    const caller = { subject: "owner", role: "owner" } as const;
    const attempt = { currentPassword: "a guess", email: "ada@example.com" };
    const own = updateMe.account?.({ body: attempt, caller });
    expect(own).toBeDefined();
    const body = { grant_type: "password", username: own ?? "", password: "a guess" };
    expect(routes.token.operation.account?.({ body, caller: undefined })).not.toBe(own);
  });

  it("rotates nothing when no access token can be issued, so that a later retry is not reuse", async () => {
    const { json } = await signIn();
    const before = await sessions.list(state.user.id);
    deps.issueToken.mockRejectedValueOnce(new AppError("DEPENDENCY_UNAVAILABLE", "No keys"));
    expect((await refresh({ refresh_token: json.refresh_token })).status).toBe(503);
    expect(await sessions.list(state.user.id)).toEqual(before);
  });

  it("rejects the refresh token of a disabled user, of one whose tokens were revoked, and of an unknown one", async () => {
    const { refresh_token } = (await signIn()).json;
    const active = state.user;
    const others: User[] = [
      { ...active, state: "disabled" },
      { ...active, validFrom: Math.ceil(Date.now() / 1000) + 2 },
      newUser(),
    ];
    for (const each of others) {
      state.user = each;
      expect(await refresh({ refresh_token })).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    }
    state.user = active;
    expect((await refresh({ refresh_token })).status).toBe(200);
  });

  it.each<[string, Form, string]>([
    ["an unknown grant", { grant_type: "client_credentials" }, "unsupported_grant_type"],
    ["no grant", {}, "invalid_request"],
    ["a password grant without a password", { grant_type: "password", username: "a@b.example" }, "invalid_request"],
    ["a refresh without a token", { grant_type: "refresh_token" }, "invalid_request"],
    [
      "both grants at once",
      { grant_type: "refresh_token", refresh_token: "x", username: "a@b.example", password: "x" },
      "invalid_request",
    ],
    ["an access token as refresh token", { grant_type: "refresh_token", refresh_token: "e30.e30.x" }, "invalid_grant"],
  ])("rejects %s with its OAuth error, without repeating the value", async (_, form, error) => {
    expect(await post("token", form)).toMatchObject({ status: 400, json: { error } });
  });
});

describe("POST /v1/auth/revoke", () => {
  it("returns 200 for every token, and ends the session of a refresh token only", async () => {
    const { json } = await signIn();
    for (const each of ["nonsense", json.access_token, `${json.refresh_token.slice(0, -3)}AAA`]) {
      expect((await post("revoke", { token: each, token_type_hint: "access_token" })).status).toBe(200);
      expect(await idsOf()).toHaveLength(1);
    }
    expect((await post("revoke", { token: json.refresh_token })).status).toBe(200);
    expect(await idsOf()).toEqual([]);
    expect((await refresh({ refresh_token: json.refresh_token })).json.error).toBe("invalid_grant");
    expect((await post("revoke", {})).json.error).toBe("invalid_request");
  });
});

describe("/v1/auth/sessions", () => {
  it("lists and ends the caller's own sessions, and no other user's", async () => {
    const firefox = "Mozilla/5.0 (Windows NT 10.0; rv:143.0) Gecko/20100101 Firefox/143.0";
    const { json } = await signIn({}, { "user-agent": firefox });
    await signIn();
    const headers = { authorization: `Bearer ${json.access_token}` };
    const listed = JSON.parse((await invoke(routes.list, deps, { headers })).text).sessions;
    expect(listed).toHaveLength(2);
    expect(listed.find(({ current }: { current: boolean }) => current)).toMatchObject({ client: "Firefox on Windows" });
    const end = (id: string) => invoke(routes.delete, deps, { method: "DELETE", headers, params: { id } });
    const owner = state.user;
    state.user = newUser();
    await signIn();
    const [foreign] = await idsOf();
    for (const id of [foreign as string, randomUUID()]) expect((await end(id)).error().code).toBe("NOT_FOUND");
    expect(await idsOf()).toEqual([foreign]);
    state.user = owner;
    for (const { id } of listed) expect((await end(id.toUpperCase())).status).toBe(204);
    expect(await idsOf()).toEqual([]);
    expect((await refresh({ refresh_token: json.refresh_token })).json.error).toBe("invalid_grant");
  });
});
