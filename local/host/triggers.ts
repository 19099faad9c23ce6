// Creates, starts and stops the triggers other than HTTP.
import { randomUUID } from "node:crypto";
import { blobTrigger } from "./blob-trigger.ts";
import { connect } from "./connection.ts";
import type { Binding, FunctionMetadata } from "./messages.ts";
import { queueTrigger } from "./queue-trigger.ts";
import type { App } from "./running-app.ts";
import { timerTrigger } from "./timer-trigger.ts";
import { traceContext } from "./trace-context.ts";
import type { BlobWrites, Trigger, TriggerKind, TriggerServices } from "./trigger.ts";

const kinds: Readonly<Record<string, TriggerKind>> = {
  blobtrigger: blobTrigger,
  queuetrigger: queueTrigger,
  timertrigger: timerTrigger,
};

const SUPPORTED = "httpTrigger, timerTrigger, blobTrigger and queueTrigger";

export type Triggers = {
  start(): void;
  /** Resolves when running functions have ended. */
  stop(): Promise<void>;
  /** Runs a function for POST /admin/functions/{name}; false if no trigger has that name. */
  invoke(name: string, input: string | undefined): boolean;
};

export const triggerOf = ({ bindings }: FunctionMetadata): Binding | undefined =>
  Object.values(bindings).find(({ type }) => /trigger$/i.test(type));

type TriggersOptions = {
  readonly app: App;
  readonly env: Readonly<Record<string, string>>;
  readonly blobWrites: BlobWrites | undefined;
  readonly blobParallelism: number;
  readonly retryMs: number;
  readonly log: (line: string) => void;
};

export function createTriggers({ app, env, ...services }: TriggersOptions): Triggers {
  const { log } = services;
  const triggers = new Map<string, Trigger>();
  /** Those that are not disabled. */
  const automatic: Trigger[] = [];

  function setting(text: string): string {
    return text.replace(/%([^%]+)%/g, (_, name: string) => {
      const value = env[name];
      if (value === undefined) throw new Error(`%${name}% names a missing setting; add ${name} to the settings`);
      return value;
    });
  }

  /** azure-webjobs-sdk, HostListenerFactory.cs: events and schedules do not run the function; the admin API does. */
  function isDisabled(name: string): boolean {
    const values = [env[`AzureWebJobs.${name}.Disabled`], env[`AzureWebJobs_${name}_Disabled`]];
    return values.some((value) => value === "1" || value?.toLowerCase() === "true");
  }

  for (const metadata of app.functions) {
    const { name: functionName } = metadata;
    const binding = triggerOf(metadata);
    const type = binding?.type ?? "nothing";
    if (!binding || type.toLowerCase() === "httptrigger") continue;
    const kind = kinds[type.toLowerCase()];
    if (!kind) {
      log(`Function ${functionName} never runs here: the local host does not support ${type}, only ${SUPPORTED}.`);
      continue;
    }
    const run: TriggerServices["run"] = (data, more = {}) => {
      const trace = traceContext({ traceparent: undefined, tracestate: undefined });
      return app.run({ id: randomUUID(), functionName, data, metadata: more, trace });
    };
    const connection = () => connect(String(binding.connection || "AzureWebJobsStorage"), env);
    try {
      const trigger = kind({ functionName, binding, run, setting, connection, ...services });
      triggers.set(functionName.toLowerCase(), trigger);
      if (!isDisabled(functionName)) automatic.push(trigger);
    } catch (error) {
      log(`Function ${functionName} never runs: ${(error as Error).message}`);
    }
  }

  return {
    start: () => automatic.forEach((trigger) => void trigger.start()),
    async stop() {
      await Promise.all([...triggers.values()].map((trigger) => trigger.stop()));
    },
    invoke(name, input) {
      const found = triggers.get(name.toLowerCase());
      found?.runManually(input);
      return found !== undefined;
    },
  };
}
