// One invocation, with a programming model that behaves as the library's does.
import { expect, test } from "vitest";
import type { Core, InvocationModel } from "./worker-core.ts";
import { CALLER_GONE, invoke, stackOf } from "./worker-invoke.ts";

const never = new Promise<never>(() => {});
const invocation = {
  id: "1",
  functionName: "hello",
  data: { http: {} },
  metadata: {},
  trace: { traceParent: "", traceState: "" },
};

function coreWith(model: Partial<InvocationModel>): Core {
  const bindings = { httpTrigger: { type: "httpTrigger", direction: "in" } };
  return {
    functions: new Map([["hello", { metadata: { name: "hello", bindings }, callback: () => "answer" }]]),
    hookData: { appLevel: {}, everywhere: {} },
    lock: () => {},
    runHooks: async () => {},
    model: () => ({
      getInvocationModel: () => ({
        getArguments: async () => ({ context: {}, inputs: [] }),
        invokeFunction: async (_context, inputs, callback) => callback(...inputs),
        getResponse: async () => undefined,
        ...model,
      }),
    }),
  };
}

const options = { log: () => {}, gone: never, onStart: () => {} };

test("a caller that goes away before its request arrived ends the wait for it, as no failure", async () => {
  const gone = Promise.reject(CALLER_GONE);
  const core = coreWith({ getArguments: () => never });
  expect(await invoke(core, invocation, { ...options, gone })).toEqual({ id: "1", hasResponse: true });
});

test("a response that cannot be sent is a failure of the invocation", async () => {
  const core = coreWith({ getResponse: () => Promise.reject(new RangeError("no such status")) });
  expect((await invoke(core, invocation, options)).failure).toContain("RangeError: no such status");
});

test("a function that is not there is a failure that names it", async () => {
  const outcome = await invoke(coreWith({}), { ...invocation, functionName: "other" }, options);
  expect(outcome.failure).toContain("'other' is not loaded");
});

test("a stack is followed by those of its causes, and ends even if they form a circle", () => {
  const circle = new Error("outer");
  circle.cause = circle;
  expect(stackOf(circle).match(/Error: outer/g)).toHaveLength(6);
  expect(stackOf("text")).toBe("Thrown value: text");
});
