// What a deployment needs on a terminal: lines without GitHub's marks, and a word about Ctrl-C.
import { type DeployContext, deployContext } from "../deploy-context.ts";
import { interruptedBySignals } from "../interrupted-by-signals.ts";

const ANNOTATION = /^::(warning|notice|error)::/;

/** GitHub's marks of groups and annotations as plain lines; undefined for a mark without a text. */
export function plainLine(line: string): string | undefined {
  if (line === "::endgroup::") return undefined;
  if (line.startsWith("::group::")) return `\n== ${line.slice("::group::".length)}`;
  return line.replace(ANNOTATION, (_, kind: string) => `${kind}: `);
}

/** The context of this process, on a terminal. */
export function terminalContext(): DeployContext {
  process.once("SIGINT", () =>
    process.stderr.write("\nEnding what runs now. What follows a failure follows; Ctrl-C again ends that too.\n"),
  );
  return interruptedBySignals({
    ...deployContext,
    log(line) {
      const plain = plainLine(line);
      if (plain !== undefined) deployContext.log(plain);
    },
  });
}
