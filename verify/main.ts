// npm run verify: checks a running deployment from outside. Exit code 0 as it should be, 1 not, 2 wrong input or no answer, 3 not all of it could be checked.
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { Fault, type Run } from "./check.ts";
import { checks } from "./checks.ts";
import { type Client, openClient } from "./client.ts";
import { readOptions, UsageError } from "./options.ts";
import { asJson, asJunit, line, summaryLine } from "./reports.ts";
import { runChecks } from "./runner.ts";
import { LOGS_URL, openWorkspace } from "./workspace.ts";

const RETRY_MS = 3000;
const print = (text: string) => process.stdout.write(`${text}\n`);

/** Resolves once something answers; a deployment that was just made may take its time. */
async function awaken(client: Client, waitMs: number): Promise<void> {
  const until = performance.now() + waitMs;
  for (;;) {
    const answer = await client.call("/health/live").catch((thrown: unknown) => thrown);
    const late = performance.now() >= until;
    if (answer instanceof Fault && late)
      throw new UsageError(
        `${client.api} does not answer (${answer.parts.received}): is the address right, and does it run?`,
      );
    // What answers wrongly to the end is for the checks to tell.
    if (late || (!(answer instanceof Error) && (answer as { status: number }).status === 200)) return;
    await pause(RETRY_MS);
  }
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), { token: process.env.VERIFY_TOKEN || undefined, now: new Date() });
  const { api, given } = options;
  const traceId = randomUUID().replaceAll("-", "");
  const client = openClient({ api, traceId, timeout: options.timeout * 1000, pause });
  await awaken(client, options.wait * 1000);
  const run: Run = {
    client,
    pause,
    thumbnailWithin: options.thumbnailWithin * 1000,
    askWorkspace: openWorkspace(process.env.VERIFY_LOGS_URL || LOGS_URL),
  };
  print(`${api}\n`);
  const now = () => performance.now();
  const results = await runChecks({ checks, run, given, now, onResult: (result) => print(line(result)) });
  const summary = { url: api, traceId, results };
  print(`\n${summaryLine(summary)}`);
  if (options.json) await writeFile(options.json, asJson(summary));
  if (options.junit) await writeFile(options.junit, asJunit(summary));
  if (results.some(({ outcome }) => outcome === "failed")) return 1;
  if (!options.requireToken || given.token !== undefined) return 0;
  process.stderr.write("--require-token: images were not checked, because there is no --token and no VERIFY_TOKEN\n");
  return 3;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (thrown: unknown) => {
    process.stderr.write(`${thrown instanceof UsageError ? thrown.message : String(thrown)}\n`);
    process.exitCode = 2;
  },
);
