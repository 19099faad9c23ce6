// What an SDK's error means, taken from errors that the SDK makes of real answers.
import { createServer } from "node:https";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadCertificate } from "../../../local/certificate.ts";
import { LOOPBACK, listen } from "../../../local/listen.ts";
import { createCredential } from "./credential.ts";
import { retryAfterOfSdkError, statusOfSdkError } from "./sdk-errors.ts";
import { createTableClient } from "./tables.ts";

let answer: { status: number; headers: Record<string, string> } | "reset" = "reset";
let calls = 0;
let service: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  const { cert, key } = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS as string));
  const server = createServer({ cert, key }, (request, response) => {
    calls++;
    if (answer === "reset") request.socket.destroy();
    else response.writeHead(answer.status, answer.headers).end();
  });
  service = await listen(server, "The service");
});
afterAll(() => service.close());

async function errorOf(given: typeof answer): Promise<unknown> {
  answer = given;
  const table = createTableClient({
    endpoint: `https://${LOOPBACK}:${service.port}`,
    table: "visits",
    credential: createCredential(undefined),
    retries: 0,
  });
  return table.getEntity("a", "b").then(
    () => expect.fail("the call succeeded"),
    (error: unknown) => error,
  );
}

test.each([400, 403, 404, 409, 412, 429, 500, 503])("status %i is told as the service answered it", async (status) => {
  expect(statusOfSdkError(await errorOf({ status, headers: {} }))).toBe(status);
});

test("there is no status when there was no answer, or when the error is not an SDK's", async () => {
  expect(statusOfSdkError(await errorOf("reset"))).toBeUndefined();
  expect(statusOfSdkError(Object.assign(new Error("x"), { statusCode: 404 }))).toBeUndefined();
  expect(statusOfSdkError(undefined)).toBeUndefined();
});

test("a failed call is sent once: only the counter knows when it may be repeated", async () => {
  const before = calls;
  await errorOf({ status: 503, headers: { "retry-after": "0" } });
  await errorOf({ status: 429, headers: { "x-ms-retry-after-ms": "1" } });
  await errorOf("reset");
  expect(calls - before).toBe(3);
});

test.each<[string, Record<string, string>, number | undefined]>([
  ["in seconds", { "retry-after": "7" }, 7],
  ["in milliseconds, as Cosmos DB says it", { "x-ms-retry-after-ms": "250" }, 0.25],
  ["in milliseconds first, since they are the finer", { "retry-after": "1", "x-ms-retry-after-ms": "250" }, 0.25],
  ["not at all", {}, undefined],
  ["as a date, which nobody here sends", { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, undefined],
  ["in words", { "retry-after": "soon" }, undefined],
])("how long to wait is read from the headers: %s", async (_, headers, seconds) => {
  expect(retryAfterOfSdkError(await errorOf({ status: 429, headers }))).toBe(seconds);
});

test("an error without an answer does not say how long to wait", async () => {
  expect(retryAfterOfSdkError(await errorOf("reset"))).toBeUndefined();
  expect(retryAfterOfSdkError(new Error("x"))).toBeUndefined();
});
