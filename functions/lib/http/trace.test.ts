// The trace id of a request, by order of its sources.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { traceOf } from "./trace.ts";

const fromClient = "a".repeat(32);
const host = "b".repeat(32);
const traceparent = "c".repeat(32);
const parentId = "00f067aa0ba902b7";
const parent = (id: string, version = "00", more = "") => `${version}-${id}-${parentId}-01${more}`;
const newId = expect.stringMatching(/^(?!0{32})[0-9a-f]{32}$/);

/** The sources in order of precedence. */
function trace(given: { fromClient?: string; host?: string; traceparent?: string }) {
  const headers = new Headers();
  if (given.fromClient !== undefined) headers.set("X-Trace-ID", given.fromClient);
  if (given.traceparent !== undefined) headers.set("traceparent", given.traceparent);
  return traceOf(headers, given.host);
}

describe("traceOf", () => {
  it("returns the id of X-Trace-ID, and the operation id in addition", () => {
    expect(trace({ fromClient, host: parent(host), traceparent: parent(traceparent) })).toEqual({
      traceId: fromClient,
      operationId: host,
      parentId,
    });
    expect(trace({ fromClient, traceparent: parent(traceparent) })).toEqual({
      traceId: fromClient,
      operationId: traceparent,
      parentId,
    });
    expect(trace({ fromClient })).toEqual({ traceId: fromClient });
  });

  it("falls back to the host's id, then to traceparent, then to a new id", () => {
    expect(trace({ host: parent(host), traceparent: parent(traceparent) })).toEqual({ traceId: host, parentId });
    expect(trace({ traceparent: parent(traceparent) })).toEqual({ traceId: traceparent, parentId });
    expect(trace({})).toEqual({ traceId: newId });
    expect(trace({}).traceId).not.toBe(trace({}).traceId);
  });

  it("returns the span of the host, or else that of traceparent", () => {
    const other = `00-${traceparent}-${"d".repeat(16)}-00`;
    expect(trace({ host: parent(host), traceparent: other })).toEqual({ traceId: host, parentId });
    expect(trace({ fromClient, host: parent("0".repeat(32)), traceparent: other }).parentId).toBe("d".repeat(16));
  });

  it("returns the id in lower case", () => {
    expect(trace({ fromClient: " ABCDEF0123456789ABCDEF0123456789 " }).traceId).toBe(
      "abcdef0123456789abcdef0123456789",
    );
  });

  it.each(["0198c0de-0000-7000-8000-00000000abcd", "0198C0DE-0000-7000-8000-00000000ABCD"])(
    "accepts the UUID %s and removes its hyphens",
    (uuid) => {
      expect(trace({ fromClient: uuid, host: parent(host) })).toEqual({
        traceId: "0198c0de00007000800000000000abcd",
        operationId: host,
        parentId,
      });
    },
  );

  it.each([
    "0".repeat(32),
    "00000000-0000-0000-0000-000000000000",
    "0198c0de-0000-7000-800000000000-abcd",
    "0198c0de-0000-7000-8000-00000000abc",
    "{0198c0de-0000-7000-8000-00000000abcd}",
    "-".repeat(32),
    "a".repeat(31),
    "a".repeat(33),
    `${fromClient}, ${fromClient}`,
    "g".repeat(32),
    "<script>alert(1)</script>",
    "",
    "a".repeat(8_000),
  ])("ignores the invalid X-Trace-ID %j", (wrong) => {
    expect(trace({ fromClient: wrong, host: parent(host) })).toEqual({ traceId: host, parentId });
  });

  it.each([
    ["a trace id of zeros", parent("0".repeat(32))],
    ["a span of zeros", `00-${traceparent}-${"0".repeat(16)}-01`],
    ["version ff", parent(traceparent, "ff")],
    ["more fields than version 00 has", parent(traceparent, "00", "-x")],
    ["an id that is too short", parent("a".repeat(31))],
    ["two values", `${parent(traceparent)}, ${parent(traceparent)}`],
    ["an empty value", ""],
  ])("ignores a traceparent with %s", (_, wrong) => {
    expect(trace({ host: wrong, traceparent: parent(traceparent) })).toEqual({ traceId: traceparent, parentId });
    expect(trace({ traceparent: wrong }).traceId).not.toBe(traceparent);
    expect(trace({ fromClient, host: wrong })).toEqual({ traceId: fromClient });
  });

  it("accepts additional fields in a later version of traceparent", () => {
    expect(trace({ traceparent: parent(traceparent, "01", "-what-comes-later") })).toEqual({
      traceId: traceparent,
      parentId,
    });
  });

  it("returns 32 lower-case hex digits, never all zeros, for any headers", () => {
    const id = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF-, "), maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(..."0af"), minLength: 32, maxLength: 32 }),
      fc.string({ maxLength: 200 }).map((text) => text.replace(/[^\x20-\x7e\xa0-\xff]/g, "")),
    );
    const header = fc.option(
      fc.oneof(
        id,
        id.map((text) => parent(text)),
      ),
      { nil: undefined },
    );
    fc.assert(
      fc.property(fc.record({ fromClient: header, host: header, traceparent: header }), (given) => {
        const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const { traceId, operationId = traceId } = trace(defined);
        expect([traceId, operationId]).toEqual([newId, newId]);
      }),
      { numRuns: 1_000 },
    );
  });
});
