// Limits by account over HTTP: which routes with a secret count for the account whose secret a request tries.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";

let backend: Backend;
let token: string;
beforeAll(async () => {
  backend = await startBackend({ RATE_LIMITS: "on", RATE_LIMIT_SECRET: "2" });
  token = await backend.token("owner");
});
afterAll(() => backend?.close());

/** The status of each request, and the names of the limits that counted the last one. */
async function sendAll(method: string, path: string, bodies: readonly object[]) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const url = `${backend.api}/v1/${path}`;
  const send = async () => {
    const responses: Response[] = [];
    for (const body of bodies) responses.push(await fetch(url, { method, headers, body: JSON.stringify(body) }));
    return responses;
  };
  const minute = () => Math.floor(Date.now() / 60_000);
  const startedIn = minute();
  let responses = await send();
  // A window is a full minute, and may end between two requests.
  if (minute() !== startedIn) responses = await send();
  const policies = responses
    .at(-1)
    ?.headers.get("ratelimit-policy")
    ?.match(/[\w-]+(?=";q)/g);
  return { statuses: responses.map(({ status }) => status), policies };
}
const policies = ["secret-address", "secret", "secret-account"];

it("redeeming one-time tokens counts by the user whom the token names", async () => {
  const bodyOf = (user: string, character: string) => ({
    token: `${user}.${character.repeat(43)}`,
    password: "four words are enough",
  });
  const [one, other] = [randomUUID(), randomUUID()];
  const bodies = [bodyOf(one, "A"), bodyOf(one, "B"), bodyOf(one, "C"), bodyOf(other, "A")];
  expect(await sendAll("POST", "auth/password", bodies)).toEqual({ statuses: [400, 400, 429, 400], policies });
});

it("changing the own account counts by the caller's account", async () => {
  const body = { currentPassword: "not the password", email: "ada@example.com" };
  expect(await sendAll("PATCH", "users/me", [body, body, body])).toEqual({ statuses: [400, 400, 429], policies });
});
