// Which jobs of a workflow GitHub starts for an event, with GitHub's own evaluator of expressions.
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { type Job, readWorkflow } from "./workflow-rules.fixture.ts";

export type Event = {
  readonly github: Readonly<Record<string, unknown>>;
  readonly vars?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Results of jobs that do not succeed. */
  readonly results?: Readonly<Record<string, "failure" | "cancelled">>;
};
export type StartedJob = { readonly environment: string; readonly group: string };

/** Functions of a condition that replace the default `success()`; for a job that needs others. */
const STATUS_FUNCTIONS = ["always", "cancelled", "failure", "success"];

/** Evaluates one expression, without its `${{ }}`. */
export function evaluate(expression: string, contexts: object, isCancelled = false): data.ExpressionData {
  const info = (name: string, value: boolean) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  });
  const functions = [info("always", true), info("cancelled", isCancelled)];
  const context = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
  const tree = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), functions).parse();
  return new Evaluator(tree, context, new Map(functions.map((each) => [each.name, each]))).evaluate();
}

const inner = (text: string) => text.replace(/^\s*\$\{\{([\s\S]*)\}\}\s*$/, "$1");
/** As GitHub converts a value: an empty string, 0, false and null are false. */
export const isTrue = (expression: string, contexts: object, isCancelled = false) =>
  !["", "0", "false"].includes(evaluate(inner(expression), contexts, isCancelled).coerceString());
const fill = (text: string, contexts: object) =>
  text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) => evaluate(expression, contexts).coerceString());

/** Returns the started jobs by name. Every job succeeds that `results` does not name. */
export function startedJobs(path: string, { github, vars = {}, inputs = {}, results = {} }: Event) {
  const started = new Map<string, StartedJob>();
  const finished: Record<string, { result: string }> = {};
  for (const [name, job] of Object.entries(readWorkflow(path).jobs)) {
    const contexts = { github, vars, inputs, needs: finished };
    if (!isStarted(job, contexts)) {
      finished[name] = { result: "skipped" };
      continue;
    }
    finished[name] = { result: results[name] ?? "success" };
    const { environment = "", concurrency = "" } = job;
    const group = typeof concurrency === "string" ? concurrency : concurrency.group;
    started.set(name, { environment: fill(environment, contexts), group: fill(group, contexts) });
  }
  return started;
}

function isStarted(
  { if: condition = "true", needs = [] }: Job,
  contexts: { needs: Record<string, { result: string }> },
) {
  const results = [needs].flat().map((name) => contexts.needs[name]?.result);
  const decides = STATUS_FUNCTIONS.some((name) => condition.includes(`${name}()`));
  if (!decides && results.some((result) => result !== "success")) return false;
  return isTrue(condition, contexts, results.includes("cancelled"));
}
