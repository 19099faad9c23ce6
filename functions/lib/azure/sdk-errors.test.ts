// Status and retry delay of errors that the real SDK creates from HTTP responses.
import { createServer } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LOOPBACK, listen } from "../../../local/listen.ts";
import { loadTestCertificate } from "../test-services.fixture.ts";
import { createCredential } from "./credential.ts";
import { retryAfterOfSdkError, statusOfSdkError } from "./sdk-errors.ts";
import { createTableClient } from "./tables.ts";

let behavior: { status: number; headers: Record<string, string> } | "reset" = "reset";
let calls = 0;
let service: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  const { cert, key } = await loadTestCertificate();
  const server = createServer({ cert, key }, (request, response) => {
    calls++;
    if (behavior === "reset") request.socket.destroy();
    else response.writeHead(behavior.status, behavior.headers).end();
  });
  service = await listen(server, "The service");
});
afterAll(() => service.close());

async function errorOf(next: typeof behavior, retries = 0): Promise<unknown> {
  behavior = next;
  const table = createTableClient({
    endpoint: `https://${LOOPBACK}:${service.port}`,
    table: "visits",
    credential: createCredential(undefined),
    retries,
  });
  return table.getEntity("a", "b").then(
    () => expect.fail("the call succeeded"),
    (error: unknown) => error,
  );
}

test.each([400, 403, 404, 409, 412, 429, 500, 503])(
  "statusOfSdkError returns the status %i of the response",
  async (status) => {
    expect(statusOfSdkError(await errorOf({ status, headers: {} }))).toBe(status);
  },
);

test("statusOfSdkError returns undefined without a response and for other errors", async () => {
  expect(statusOfSdkError(await errorOf("reset"))).toBeUndefined();
  expect(statusOfSdkError(Object.assign(new Error("x"), { statusCode: 404 }))).toBeUndefined();
  expect(statusOfSdkError(undefined)).toBeUndefined();
});

test("a table client with zero retries sends a failed call once", async () => {
  const before = calls;
  await errorOf({ status: 503, headers: { "retry-after": "0" } });
  await errorOf({ status: 429, headers: { "x-ms-retry-after-ms": "1" } });
  await errorOf("reset");
  for (const status of [410, 449]) await errorOf({ status, headers: {} });
  expect(calls - before).toBe(5);
});

test.each([410, 449])(
  "a table client with retries repeats a call after %i, and reports it in the end",
  async (status) => {
    const before = calls;
    expect(statusOfSdkError(await errorOf({ status, headers: {} }, 2))).toBe(status);
    expect(calls - before).toBe(3);
  },
);

test.each<[string, Record<string, string>, number | undefined]>([
  ["seconds", { "retry-after": "7" }, 7],
  ["milliseconds of Cosmos DB", { "x-ms-retry-after-ms": "250" }, 0.25],
  ["milliseconds before seconds", { "retry-after": "1", "x-ms-retry-after-ms": "250" }, 0.25],
  ["no header", {}, undefined],
  ["a date, which Azure does not send", { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, undefined],
  ["text", { "retry-after": "soon" }, undefined],
])("retryAfterOfSdkError reads the header: %s", async (_, headers, seconds) => {
  expect(retryAfterOfSdkError(await errorOf({ status: 429, headers }))).toBe(seconds);
});

test("retryAfterOfSdkError returns undefined without a response and for other errors", async () => {
  expect(retryAfterOfSdkError(await errorOf("reset"))).toBeUndefined();
  expect(retryAfterOfSdkError(new Error("x"))).toBeUndefined();
});
