// In the app's process: runs one invocation through the programming model and the hooks, as the real worker does.
// azure-functions-nodejs-worker, eventHandlers/InvocationHandler.ts
import { readFile } from "node:fs/promises";
import type { Invocation, Outcome } from "./messages.ts";
import type { Core, CoreInvocationContext, LogLevel } from "./worker-core.ts";

/** The stack of a thrown value and of its causes, for the log. */
export function stackOf(thrown: unknown, depth = 0): string {
  if (!(thrown instanceof Error)) return `Thrown value: ${String(thrown)}`;
  const stack = thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  return thrown.cause === undefined || depth === 5 ? stack : `${stack}\nCaused by: ${stackOf(thrown.cause, depth + 1)}`;
}

/** The context of postInvocation hooks, which may change the result and the error. */
type PostInvocationContext = { readonly inputs: unknown[]; result: unknown; error: unknown };

export async function invoke(
  core: Core,
  invocation: Invocation,
  log: (level: LogLevel, message: string) => void,
): Promise<Outcome> {
  const { id, functionName, data, metadata: triggerMetadata, trace } = invocation;
  try {
    const registered = core.functions.get(functionName);
    const programmingModel = core.model();
    if (!registered || !programmingModel) throw new Error(`Function code for '${functionName}' is not loaded.`);
    const { metadata } = registered;
    const input = "bytesFile" in data ? { bytes: await readFile(data.bytesFile) } : data;
    const trigger = Object.entries(metadata.bindings).find(([, { type }]) => /trigger$/i.test(type));
    const coreContext: CoreInvocationContext = {
      invocationId: id,
      request: {
        invocationId: id,
        inputData: trigger ? [{ name: trigger[0], data: input }] : [],
        triggerMetadata,
        traceContext: trace,
      },
      metadata,
      log: (level, category, message) => {
        if (category !== "system" || level === "warning" || level === "error") log(level, message);
      },
    };
    const invocationModel = await programmingModel.getInvocationModel(coreContext);
    // The library waits here for the request. Like the real worker, this one does not learn that the client has gone.
    const { context, inputs } = await invocationModel.getArguments();

    const shared = { hookData: {}, appHookData: core.hookData.everywhere, invocationContext: context };
    const before = { ...shared, inputs, functionCallback: registered.callback };
    coreContext.state = "preInvocationHooks";
    await core.runHooks("preInvocation", before);

    const after: PostInvocationContext = { ...shared, inputs: before.inputs, result: null, error: null };
    coreContext.state = "invocation";
    try {
      after.result = await invocationModel.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (thrown) {
      after.error = thrown ?? new Error("The function threw nothing.");
    }
    coreContext.state = "postInvocationHooks";
    await core.runHooks("postInvocation", after);
    coreContext.state = undefined;
    if (after.error !== null && after.error !== undefined) throw after.error;

    await invocationModel.getResponse(context, after.result);
    return { id, hasResponse: after.result !== null && after.result !== undefined };
  } catch (thrown) {
    return { id, hasResponse: false, failure: stackOf(thrown) };
  }
}
