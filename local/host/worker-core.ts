// In the app's process: provides the module that @azure/functions requires at run time, and keeps what it registers.
import Module from "node:module";
import type { FunctionMetadata, Invocation, TypedData } from "./messages.ts";

// The types below are the part of '@azure/functions-core' that @azure/functions 4 uses.
// azure-functions-nodejs-worker, types-core/index.d.ts
export type LogLevel = "trace" | "debug" | "information" | "warning" | "error" | "critical" | "none";
export type FunctionCallback = (...inputs: unknown[]) => unknown;
type HookCallback = (context: object) => unknown;

export type CoreInvocationContext = {
  readonly invocationId: string;
  readonly request: {
    readonly invocationId: string;
    readonly inputData: readonly { readonly name: string; readonly data: TypedData }[];
    readonly triggerMetadata: Invocation["metadata"];
    readonly traceContext: Invocation["trace"];
  };
  readonly metadata: FunctionMetadata;
  state?: "preInvocationHooks" | "postInvocationHooks" | "invocation" | undefined;
  log(level: LogLevel, category: string, message: string): void;
};

export type InvocationModel = {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<unknown>;
};

export type ProgrammingModel = {
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
};

const HOOKS = ["appStart", "appTerminate", "preInvocation", "postInvocation"] as const;
export type HookName = (typeof HOOKS)[number];

export type RegisteredFunction = { readonly metadata: FunctionMetadata; readonly callback: FunctionCallback };
export type Core = {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  /** `appLevel` is shared by appStart and appTerminate hooks, `everywhere` by all hooks. */
  readonly hookData: { readonly appLevel: object; readonly everywhere: object };
  model(): ProgrammingModel | undefined;
  runHooks(name: HookName, context: object): Promise<void>;
  /** Rejects later registrations, as Azure does after startup. */
  lock(): void;
};

/** Call it before the app is loaded. Error messages are those of the real worker, so that developers can look them up. */
export function installCore(log: (level: LogLevel, message: string) => void): Core {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<string, HookCallback[]>(HOOKS.map((name) => [name, []]));
  let model: ProgrammingModel | undefined;
  let locked = false;

  const core = {
    version: "local",
    hostVersion: "local",
    registerFunction(metadata: FunctionMetadata, callback: FunctionCallback) {
      const { name } = metadata;
      if (locked) throw new Error("A function can only be registered during app startup.");
      if (functions.has(name)) throw new Error(`A function with id "${name}" has already been registered.`);
      functions.set(name, { metadata, callback });
      return { dispose: () => functions.delete(name) };
    },
    registerHook(name: string, callback: HookCallback) {
      const registered = hooks.get(name);
      // The library recognizes a worker without this hook by this property of the error.
      if (!registered) {
        throw Object.assign(new RangeError(`Unrecognized hook "${name}"`), { isAzureFunctionsSystemError: true });
      }
      registered.push(callback);
      return { dispose: () => registered.splice(registered.indexOf(callback) >>> 0, 1) };
    },
    setProgrammingModel: (programmingModel: ProgrammingModel) => {
      model = programmingModel;
    },
    getProgrammingModel: () => model,
    log: (level: LogLevel, _category: string, message: string) => log(level, message),
  };

  // As the real worker does. Sources and bundles both find it, since both end in a CommonJS require.
  // azure-functions-nodejs-worker, setupCoreModule.ts
  const original = Module.prototype.require;
  Module.prototype.require = Object.assign(function (this: Module, id: string): unknown {
    return id === "@azure/functions-core" ? core : original.call(this, id);
  }, original);

  return {
    functions,
    hookData: { appLevel: {}, everywhere: {} },
    model: () => model,
    lock: () => {
      locked = true;
    },
    async runHooks(name, context) {
      for (const callback of hooks.get(name) ?? []) await callback(context);
    },
  };
}
