// One invocation, with a programming model that behaves as the library's does.
import { expect, test } from "vitest";
import type { Core, InvocationModel } from "./worker-core.ts";
import { invoke, stackOf } from "./worker-invoke.ts";

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
    functions: new Map([["hello", { metadata: { name: "hello", bindings }, callback: () => "response" }]]),
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

const log = () => {};

test("invoke reports a response that cannot be sent as a failure", async () => {
  const core = coreWith({ getResponse: () => Promise.reject(new RangeError("no such status")) });
  expect((await invoke(core, invocation, log)).failure).toContain("RangeError: no such status");
});

test("invoke reports an unknown function as a failure with its name", async () => {
  const outcome = await invoke(coreWith({}), { ...invocation, functionName: "other" }, log);
  expect(outcome.failure).toContain("'other' is not loaded");
});

test("stackOf appends the stacks of the causes, and ends for circular causes", () => {
  const circle = new Error("outer");
  circle.cause = circle;
  expect(stackOf(circle).match(/Error: outer/g)).toHaveLength(6);
  expect(stackOf("text")).toBe("Thrown value: text");
});
