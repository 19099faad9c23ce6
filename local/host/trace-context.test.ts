// Which traceparent is continued, and which is replaced.
import { expect, test } from "vitest";
import { traceContext } from "./trace-context.ts";

const ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const valid = `00-${ID}-00f067aa0ba902b7-01`;

test("a valid traceparent is continued with a new span", () => {
  const { traceParent, traceState } = traceContext({ traceparent: valid, tracestate: "a=b" });
  expect(traceParent).toMatch(new RegExp(`^00-${ID}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  expect(traceState).toBe("a=b");
});

test.each([
  undefined,
  "",
  `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
  `00-${ID}-${"0".repeat(16)}-01`,
  `ff-${ID}-00f067aa0ba902b7-01`,
  `${valid}-more`,
  valid.toUpperCase(),
])("the traceparent %s is replaced by a new trace without state", (traceparent) => {
  const { traceParent, traceState } = traceContext({ traceparent, tracestate: "a=b" });
  expect(traceParent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(traceParent).not.toContain(ID);
  expect(traceState).toBe("");
});
