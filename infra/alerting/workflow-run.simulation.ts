// For tests: runs a workflow's actions as Logic Apps do, against whatever HTTP servers its addresses lead to.
import { Ajv } from "ajv";
import { z } from "zod";
import type { Actions } from "./workflow.ts";
import type { Surroundings } from "./workflow-functions.simulation.ts";
import { fill } from "./workflow-language.simulation.ts";

export type RunOptions = {
  readonly actions: Actions;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly payload: unknown;
  readonly now?: Date;
  /** A token of the workflow's identity for an audience. */
  readonly identity?: (audience: string) => string;
  /** Where the managed connector's own service listens. */
  readonly connector?: string;
};

export type Run = {
  readonly status: "Succeeded" | "Failed";
  /** `NotOurs` and such of a Terminate, `ActionFailed` otherwise. */
  readonly code?: string;
  readonly message?: string;
  /** What a reader of the run's history sees. */
  readonly history: readonly { readonly name: string; readonly inputs?: unknown; readonly outputs?: unknown }[];
};

class Ended extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const http = z.strictObject({
  method: z.string(),
  uri: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
  authentication: z.strictObject({ type: z.literal("ManagedServiceIdentity"), audience: z.string() }).optional(),
  retryPolicy: z.strictObject({
    type: z.literal("exponential"),
    count: z.int().min(1).max(90),
    interval: z.string(),
    minimumInterval: z.string(),
    maximumInterval: z.string(),
  }),
});
const branch = z.object({ actions: z.record(z.string(), z.unknown()) });

const isTransient = (status: number) => status === 408 || status === 429 || status >= 500;

async function request(inputs: z.infer<typeof http>, identity: RunOptions["identity"]) {
  const { method, uri, headers, body, authentication, retryPolicy } = inputs;
  const token = authentication && identity?.(authentication.audience);
  let answer: Response | undefined;
  // The waits between attempts are left out.
  for (let attempt = 0; attempt <= retryPolicy.count; attempt++) {
    answer = await fetch(uri, {
      method,
      headers: { ...headers, ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!isTransient(answer.status)) break;
    if (attempt < retryPolicy.count) await answer.arrayBuffer();
  }
  if (!answer) throw new Error("No attempt was made");
  const content = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json");
  return { statusCode: answer.status, body: isJson ? JSON.parse(content) : content };
}

export async function runWorkflow(options: RunOptions): Promise<Run> {
  const { parameters, payload, identity, connector, now = new Date("2026-11-21T12:00:00Z") } = options;
  const history: { name: string; inputs?: unknown; outputs?: unknown }[] = [];
  const variables: Record<string, unknown> = {};
  const outputs: Record<string, unknown> = {};
  const bodies: Record<string, unknown> = {};
  const around: Surroundings = { triggerBody: payload, parameters, variables, outputs, bodies, now };

  async function answered(name: string, inputs: z.infer<typeof http>) {
    const answer = await request(inputs, identity);
    bodies[name] = answer.body;
    outputs[name] = answer;
    if (answer.statusCode >= 400) throw new Ended("ActionFailed", `${name} was answered ${answer.statusCode}`);
  }

  const kinds: Record<string, (name: string, action: Actions[string]) => Promise<unknown>> = {
    async InitializeVariable(_, { inputs }) {
      const { variables: declared } = z
        .object({ variables: z.array(z.object({ name: z.string(), type: z.string(), value: z.unknown() })) })
        .parse(inputs);
      for (const { name, value } of declared) variables[name] = fill(value, around);
    },
    async SetVariable(_, { inputs }) {
      const { name, value } = z.strictObject({ name: z.string(), value: z.unknown() }).parse(inputs);
      if (!Object.hasOwn(variables, name)) throw new Error(`The variable ${name} was not initialised`);
      variables[name] = fill(value, around);
    },
    async Compose(name, { inputs }) {
      outputs[name] = fill(inputs, around);
    },
    async ParseJson(name, { inputs }) {
      const { content, schema } = z.strictObject({ content: z.string(), schema: z.looseObject({}) }).parse(inputs);
      const ajv = new Ajv({ allErrors: true });
      if (!ajv.validate(schema, fill(content, around))) throw new Ended("ActionFailed", `${name}: ${ajv.errorsText()}`);
    },
    async Http(name, { inputs }) {
      await answered(name, http.parse(fill(inputs, around)));
    },
    async ApiConnection(name, { inputs }) {
      const { host, path, ...rest } = z
        .looseObject({ host: z.unknown(), path: z.string() })
        .parse(fill(inputs, around));
      const { connection } = z.object({ connection: z.object({ name: z.string().min(1) }) }).parse(host);
      const headers = { "Content-Type": "application/json", "X-Connection": connection.name };
      await answered(name, http.parse({ ...rest, uri: `${connector}${path}`, headers }));
    },
    async If(_, action) {
      const taken = holds(action.expression) ? action : branch.optional().parse(action.else);
      await runAll(branch.optional().parse(taken)?.actions as Actions | undefined);
    },
    async Switch(_, { expression, cases, default: otherwise }) {
      const on = fill(expression, around);
      const listed = z.record(z.string(), branch.extend({ case: z.unknown() })).parse(cases);
      const taken = Object.values(listed).find((one) => one.case === on) ?? branch.parse(otherwise);
      await runAll(taken.actions as Actions);
    },
    async Terminate(_, { inputs }) {
      const { runError } = z
        .strictObject({ runStatus: z.literal("Failed"), runError: z.object({ code: z.string(), message: z.string() }) })
        .parse(inputs);
      throw new Ended(runError.code, runError.message);
    },
  };

  /** A condition of an If: `and`, `not` and `equals` are all we use. */
  function holds(condition: unknown): boolean {
    const [[operator, operand] = []] = Object.entries(z.looseObject({}).parse(condition));
    if (operator === "and") return z.array(z.unknown()).parse(operand).every(holds);
    if (operator === "not") return !holds(operand);
    if (operator !== "equals") throw new Error(`The test knows no condition ${operator}`);
    const [one, other] = z.tuple([z.unknown(), z.unknown()]).parse(fill(operand, around));
    return one === other;
  }

  async function runAll(actions: Actions = {}): Promise<void> {
    const waiting = new Map(Object.entries(actions));
    const done = new Set<string>();
    while (waiting.size > 0) {
      const ready = [...waiting].find(([, { runAfter }]) => Object.keys(runAfter).every((name) => done.has(name)));
      if (!ready) throw new Error(`These wait for what never runs: ${[...waiting.keys()].join(", ")}`);
      const [name, action] = ready;
      if (Object.values(action.runAfter).some((statuses) => statuses.join() !== "Succeeded")) {
        throw new Error(`${name} runs after something else than success, which the test does not know`);
      }
      waiting.delete(name);
      const run = kinds[action.type];
      if (!run) throw new Error(`The test knows no action of type ${action.type}`);
      const hidden = JSON.stringify(action.runtimeConfiguration ?? {});
      try {
        await run(name, action);
      } finally {
        history.push({
          name,
          ...(!hidden.includes('"inputs"') && { inputs: fill(action.inputs ?? null, around) }),
          ...(!hidden.includes('"outputs"') && { outputs: outputs[name] }),
        });
      }
      done.add(name);
    }
  }

  try {
    await runAll(options.actions);
    return { status: "Succeeded", history };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { status: "Failed", code: error instanceof Ended ? error.code : "ExpressionFailed", message, history };
  }
}
