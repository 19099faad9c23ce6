// The kinds of trigger this host serves besides HTTP, and what starts and stops them.
import { randomUUID } from "node:crypto";
import type { Binding, FunctionMetadata, Outcome, TypedData } from "./messages.ts";
import type { App } from "./running-app.ts";
import { timerTrigger } from "./timer-trigger.ts";
import { traceContext } from "./trace-context.ts";

export type TriggerServices = {
  readonly binding: Binding;
  readonly run: (data: TypedData, metadata?: Readonly<Record<string, TypedData>>) => Promise<Outcome>;
  /** Puts settings in the place of their names between percent signs. */
  readonly setting: (text: string) => string;
};

export type Trigger = {
  start(): void;
  stop(): void;
  /** What the function receives when it is run by hand, from the `input` that came with the order. */
  inputOf(input: string | undefined): TypedData;
};

/** @throws {Error} saying what is wrong with the binding */
export type TriggerKind = (services: TriggerServices) => Trigger;

const kinds: Readonly<Record<string, TriggerKind>> = { timertrigger: timerTrigger };

export type Triggers = {
  start(): void;
  stop(): void;
  /** Runs a function as POST /admin/functions/{name} does; false if there is none of that name. */
  invoke(name: string, input: string | undefined): boolean;
};

export const triggerOf = ({ bindings }: FunctionMetadata): Binding | undefined =>
  Object.values(bindings).find(({ type }) => /trigger$/i.test(type));

type Options = {
  readonly app: App;
  readonly env: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
};

export function createTriggers({ app, env, log }: Options): Triggers {
  const triggers = new Map<string, { trigger: Trigger; run: TriggerServices["run"] }>();

  function setting(text: string): string {
    return text.replace(/%([^%]+)%/g, (_, name: string) => {
      const value = env[name];
      if (value === undefined)
        throw new Error(`%${name}% names a setting that is missing; add ${name} to the settings`);
      return value;
    });
  }

  for (const metadata of app.functions) {
    const { name: functionName } = metadata;
    const binding = triggerOf(metadata);
    const type = binding?.type ?? "nothing";
    if (!binding || type.toLowerCase() === "httptrigger") continue;
    const kind = kinds[type.toLowerCase()];
    if (!kind) {
      log(`Function ${functionName} never runs here: this host serves no ${type}, only httpTrigger and timerTrigger.`);
      continue;
    }
    const run: TriggerServices["run"] = (data, more = {}) => {
      const trace = traceContext({ traceparent: undefined, tracestate: undefined });
      return app.run({ id: randomUUID(), functionName, data, metadata: more, trace });
    };
    try {
      triggers.set(functionName.toLowerCase(), { trigger: kind({ binding, run, setting }), run });
    } catch (error) {
      log(`Function ${functionName} never runs: ${(error as Error).message}`);
    }
  }

  return {
    start: () => triggers.forEach(({ trigger }) => void trigger.start()),
    stop: () => triggers.forEach(({ trigger }) => void trigger.stop()),
    invoke(name, input) {
      const found = triggers.get(name.toLowerCase());
      void found?.run(found.trigger.inputOf(input));
      return found !== undefined;
    },
  };
}
