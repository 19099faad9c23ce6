// npm run terraform: runs init and validate on both stacks, and checks the provider lock. Needs Terraform and its registry.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCommandLine } from "../command-line.ts";
import { run } from "../deploy/command.ts";
import { checkStacks, LOCK } from "./check-stacks.ts";

readCommandLine({
  name: "npm run terraform",
  about: "Initializes and validates both stacks, and checks the provider lock. Needs Terraform and its registry.",
});

const root = join(import.meta.dirname, "..", "..");
const committed = join(root, "infra", LOCK);
const created = join(root, "infra", "out", LOCK);

// A workflow run keeps the file as an artifact. gh does not overwrite a file.
const runId = process.env.GITHUB_RUN_ID;
const fix = runId
  ? `rm -f infra/${LOCK} && gh run download ${runId} --name terraform-lock --dir infra`
  : `cp ${created} ${committed}`;

const work = await mkdtemp(join(tmpdir(), "vitae-terraform-"));
try {
  const advice = await checkStacks({ root, work, committed, created, fix, run });
  // GitHub shows this line as an annotation of the file.
  if (advice) process.stdout.write(`::warning file=infra/provider.ts::${advice}\n`);
} catch (error) {
  // The output of the failed program was already printed.
  process.stderr.write(`${(error as Error).message.split("\n")[0]}\n`);
  process.exitCode = 1;
} finally {
  await rm(work, { recursive: true });
}
