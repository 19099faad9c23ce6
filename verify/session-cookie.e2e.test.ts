// The cookie of a browser's session against the package: how it is set, and that a body cannot forge its origin.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { bytesOf, sendRaw } from "./raw-http.fixture.ts";

let backend: Backend;
let own: string;
beforeAll(async () => {
  backend = await startBackend();
  own = new URL(backend.api).origin;
});
afterAll(() => backend.close());

const FORM = "application/x-www-form-urlencoded";
const NAME = "vitae-refresh";

const post = (form: Record<string, string>, headers: Record<string, string>, route = "token") =>
  fetch(`${backend.api}/v1/auth/${route}`, { method: "POST", headers, body: new URLSearchParams(form) });
const password = () => ({ grant_type: "password", username: backend.owner.email, password: backend.owner.password });
const refresh = (headers: Record<string, string>) => post({ grant_type: "refresh_token" }, headers);

/** Name and value of the only cookie that a response sets. */
function cookieOf(response: Response): string {
  const [cookie = "", ...others] = response.headers.getSetCookie();
  expect(others).toEqual([]);
  expect(cookie).toMatch(new RegExp(`^${NAME}=[^;]+; Max-Age=\\d+; Path=/api/v1/auth; HttpOnly; SameSite=Strict$`));
  return cookie.slice(0, cookie.indexOf(";"));
}
const signIn = async () => {
  const response = await post({ ...password(), cookie: "true" }, { origin: own });
  expect(response.status).toBe(200);
  expect(Object.keys((await response.json()) as object).sort()).toEqual(["access_token", "expires_in", "token_type"]);
  return cookieOf(response);
};

describe("the session cookie", () => {
  it("signs in, refreshes and signs out on the API's own origin", async () => {
    const first = await signIn();
    const second = await refresh({ origin: own, cookie: first });
    const cookie = cookieOf(second);
    expect(cookie).not.toBe(first);
    const out = await post({}, { origin: own, cookie }, "revoke");
    expect([out.status, out.headers.getSetCookie()]).toEqual([
      200,
      [expect.stringMatching(/^vitae-refresh=; Max-Age=0;/)],
    ]);
    expect((await refresh({ origin: own, cookie })).status).toBe(400);
  });

  it("is rejected with a token in the body, and when it is repeated", async () => {
    const cookie = await signIn();
    const both = await post({ grant_type: "refresh_token", refresh_token: "x" }, { origin: own, cookie });
    const twice = await refresh({ origin: own, cookie: `${cookie}; ${cookie}` });
    for (const response of [both, twice]) {
      expect([response.status, response.headers.getSetCookie()]).toEqual([400, []]);
      expect(await response.json()).toMatchObject({ error: "invalid_request" });
    }
  });

  it("is not used or set for a form that is JSON as well, by which it could forge its origin", async () => {
    const cookie = await signIn();
    const forms = ["grant_type=refresh_token", String(new URLSearchParams({ ...password(), cookie: "true" }))];
    for (const form of forms) {
      // As JSON an object with all headers, as a form the parameters between two without a value.
      const headers = { origin: own, cookie, "content-type": FORM };
      const body = `{"Headers":${JSON.stringify(headers).replaceAll("=", "\\u003d")},"x":"&${form}&"}`;
      const length = `Content-Length: ${Buffer.byteLength(body)}`;
      const lines = [
        "Host: localhost",
        "Connection: close",
        "Origin: https://evil.example",
        "Content-Type: text/plain",
        length,
      ];
      const response = await sendRaw(backend.api, bytesOf("POST /api/v1/auth/token HTTP/1.1", lines, body));
      expect([response.status, response.headers.getSetCookie()]).toEqual([400, []]);
      expect(JSON.parse(response.body)).toMatchObject({ error: "invalid_request" });
    }
    expect((await refresh({ origin: own, cookie })).status).toBe(200);
  });
});
