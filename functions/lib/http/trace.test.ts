// Which id a request is traced by.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { traceOf } from "./trace.ts";

const asked = "a".repeat(32);
const host = "b".repeat(32);
const sent = "c".repeat(32);
const parentId = "00f067aa0ba902b7";
const parent = (id: string, version = "00", more = "") => `${version}-${id}-${parentId}-01${more}`;
const newId = expect.stringMatching(/^(?!0{32})[0-9a-f]{32}$/);

/** Each in the order in which it wins. */
function trace(given: { asked?: string; host?: string; sent?: string }) {
  const headers = new Headers();
  if (given.asked !== undefined) headers.set("X-Trace-ID", given.asked);
  if (given.sent !== undefined) headers.set("traceparent", given.sent);
  return traceOf(headers, given.host);
}

describe("the trace id", () => {
  it("is X-Trace-ID's, and the operation's id is told beside it", () => {
    expect(trace({ asked, host: parent(host), sent: parent(sent) })).toEqual({
      traceId: asked,
      operationId: host,
      parentId,
    });
    expect(trace({ asked, sent: parent(sent) })).toEqual({ traceId: asked, operationId: sent, parentId });
    expect(trace({ asked })).toEqual({ traceId: asked });
  });

  it("is else the host's, else the caller's traceparent's, else a new one", () => {
    expect(trace({ host: parent(host), sent: parent(sent) })).toEqual({ traceId: host, parentId });
    expect(trace({ sent: parent(sent) })).toEqual({ traceId: sent, parentId });
    expect(trace({})).toEqual({ traceId: newId });
    expect(trace({}).traceId).not.toBe(trace({}).traceId);
  });

  it("has beside it the span of whoever sent the id: the host's before the caller's", () => {
    const other = `00-${sent}-${"d".repeat(16)}-00`;
    expect(trace({ host: parent(host), sent: other })).toEqual({ traceId: host, parentId });
    expect(trace({ asked, host: parent("0".repeat(32)), sent: other }).parentId).toBe("d".repeat(16));
  });

  it("is made lower-case", () => {
    expect(trace({ asked: " ABCDEF0123456789ABCDEF0123456789 " }).traceId).toBe("abcdef0123456789abcdef0123456789");
  });

  it.each(["0198c0de-0000-7000-8000-00000000abcd", "0198C0DE-0000-7000-8000-00000000ABCD"])(
    "is the UUID %s without its hyphens",
    (uuid) => {
      expect(trace({ asked: uuid, host: parent(host) })).toEqual({
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
    `${asked}, ${asked}`,
    "g".repeat(32),
    "<script>alert(1)</script>",
    "",
    "a".repeat(8_000),
  ])("is not the X-Trace-ID %j", (wrong) => {
    expect(trace({ asked: wrong, host: parent(host) })).toEqual({ traceId: host, parentId });
  });

  it.each([
    ["zeros", parent("0".repeat(32))],
    ["a span of zeros", `00-${sent}-${"0".repeat(16)}-01`],
    ["version ff", parent(sent, "ff")],
    ["more than version 00 has", parent(sent, "00", "-x")],
    ["an id that is too short", parent("a".repeat(31))],
    ["two of them", `${parent(sent)}, ${parent(sent)}`],
    ["nothing", ""],
  ])("is not that of a traceparent with %s", (_, wrong) => {
    expect(trace({ host: wrong, sent: parent(sent) })).toEqual({ traceId: sent, parentId });
    expect(trace({ sent: wrong }).traceId).not.toBe(sent);
    expect(trace({ asked, host: wrong })).toEqual({ traceId: asked });
  });

  it("is that of a later version, which may say more", () => {
    expect(trace({ sent: parent(sent, "01", "-what-comes-later") })).toEqual({ traceId: sent, parentId });
  });

  it("is always 32 lower-case hex digits, never all zeros, whatever the headers hold", () => {
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
      fc.property(fc.record({ asked: header, host: header, sent: header }), (given) => {
        const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const { traceId, operationId = traceId } = trace(defined);
        expect([traceId, operationId]).toEqual([newId, newId]);
      }),
      { numRuns: 1_000 },
    );
  });
});
