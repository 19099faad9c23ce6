// How often a call of a table is repeated, by its error and by the time that it takes.
import { RestError } from "@azure/data-tables";
import { expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { createSettle } from "./settle.ts";

/** @param callMs virtual milliseconds of each call */
async function callsUntilRejection(error: unknown, callMs = 1) {
  let [time, calls] = [0, 0];
  const sleep = async (ms: number) => {
    time += ms;
  };
  const settle = createSettle("sessions", { sleep, elapsed: () => time });
  const rejection = await settle<never>(async () => {
    calls += 1;
    time += callMs;
    if (error === "again") return error;
    throw error;
  }).catch((thrown: unknown) => thrown);
  return { calls, time, rejection };
}
const rejectedWith = (statusCode: number) => new RestError("rejected", { statusCode });
const abort = Object.assign(new Error("The operation was aborted"), { name: "AbortError" });

it.each([
  ["a missing role", rejectedWith(403)],
  ["a missing table", rejectedWith(404)],
  ["a row that is too large", rejectedWith(413)],
  ["an error that no call of the table made", new TypeError("undefined is not a function")],
])("sends a call once after %s, since no repetition succeeds", async (_, error) => {
  const { calls, rejection } = await callsUntilRejection(error);
  expect(calls).toBe(1);
  expect(rejection).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", cause: error });
});

it("throws an error of the API at once and unchanged", async () => {
  const conflict = new AppError("CONFLICT", "taken");
  expect(await callsUntilRejection(conflict)).toMatchObject({ calls: 1, rejection: conflict });
});

it.each([
  ["a lost race", "again"],
  ["a call without a response", new RestError("socket hang up")],
  ["a call that took too long", abort],
  ["a busy table", rejectedWith(503)],
])("repeats after %s, for six seconds", async (_, error) => {
  expect((await callsUntilRejection(error)).calls).toBeGreaterThan(10);
  const slow = await callsUntilRejection(error, 2_500);
  expect(slow.calls).toBe(3);
  expect(slow.rejection).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
});

it("repeats a throttled call twice, after the time that the table asks for, which the client receives too", async () => {
  const throttled = (seconds: number) => {
    const response = { headers: new Headers({ "retry-after": String(seconds) }) };
    return Object.assign(rejectedWith(429), { response });
  };
  const soon = await callsUntilRejection(throttled(2));
  expect(soon).toMatchObject({ calls: 3, rejection: { headers: { "Retry-After": "2" } } });
  expect(soon.time).toBeGreaterThanOrEqual(4_000);
  expect(await callsUntilRejection(throttled(9))).toMatchObject({
    calls: 1,
    rejection: { headers: { "Retry-After": "9" } },
  });
});
