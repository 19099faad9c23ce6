// Command of the preview workflows: comments on the pull request, or sweeps old previews.
import { appendFile, readFile } from "node:fs/promises";
import { readCommandLine } from "../../command-line.ts";
import { runOrThrow } from "../command.ts";
import { deployContext } from "../deploy-context.ts";
import { messageOf } from "../error-message.ts";
import { interruptedBySignals } from "../interrupted-by-signals.ts";
import { commentOf } from "./preview-comment.ts";
import { sweepPreviews } from "./sweep-previews.ts";

const { operands } = readCommandLine({
  name: "node scripts/deploy/pipeline/preview.ts",
  about: "Sweeps old previews, or comments on the pull request.",
  operands: {
    value: "sweep|comment FILE",
    about: "FILE holds the output of verify; it may be missing",
  },
});

function variable(name: string, rule: RegExp): string {
  const value = process.env[name] ?? "";
  if (rule.test(value)) return value;
  throw new Error(`${name} must match ${rule.source}, received "${value}".`);
}

async function comment(file: string): Promise<void> {
  const body = commentOf({
    checks: await readFile(file, "utf8").catch(() => undefined),
    passed: variable("DEPLOYED", /^(?:success|failure|cancelled|skipped)$/) === "success",
    commit: variable("GITHUB_SHA", /^[0-9a-f]{40}$/),
    run: `${process.env.GITHUB_SERVER_URL}/${process.env.GITHUB_REPOSITORY}/actions/runs/${process.env.GITHUB_RUN_ID}`,
  });
  const number = variable("PULL_REQUEST", /^[1-9]\d*$/);
  const args = ["pr", "comment", number, "--body-file", "-", "--edit-last", "--create-if-none"];
  await runOrThrow(deployContext.run, ["gh", args, { input: body }]);
  if (process.env.GITHUB_STEP_SUMMARY) await appendFile(process.env.GITHUB_STEP_SUMMARY, body);
}

try {
  const [command, file] = operands;
  if (command === "sweep")
    // A sweep uses no client id; a target has one.
    await sweepPreviews(interruptedBySignals(deployContext), {
      ...process.env,
      AZURE_CLIENT_ID: process.env.ARM_CLIENT_ID,
    });
  else if (command === "comment" && file) await comment(file);
  else throw new Error(`The command must be sweep or comment FILE, received "${operands.join(" ")}".`);
} catch (error) {
  process.stderr.write(`preview: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
