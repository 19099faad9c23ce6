// npm run terraform: init and validate of both stacks, and the lock of their providers. Needs Terraform and its registry.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../deploy/command.ts";
import { checkStacks, LOCK } from "./check-stacks.ts";

const root = join(import.meta.dirname, "..", "..");
const kept = join(root, "infra", LOCK);
const made = join(root, "infra", "out", LOCK);

const work = await mkdtemp(join(tmpdir(), "vitae-terraform-"));
try {
  const advice = await checkStacks({ root, work, kept, made, run });
  // GitHub shows such a line beside the change; elsewhere it is a line.
  if (advice) process.stdout.write(`::warning file=infra/provider.ts::${advice}\n`);
} catch (error) {
  // What a program said was shown as it came.
  process.stderr.write(`${(error as Error).message.split("\n")[0]}\n`);
  process.exitCode = 1;
} finally {
  await rm(work, { recursive: true });
}
