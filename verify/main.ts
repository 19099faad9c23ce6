// npm run verify: checks a running deployment from outside. Exit code 0: nothing failed, 1: a check failed, 2: invalid
// command line or no response, 3: --require-token without a token.
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { readCommandLine, UsageError } from "../scripts/command-line.ts";
import { CheckFailure } from "./check-failure.ts";
import { checks } from "./checks.ts";
import { type Client, openClient } from "./client.ts";
import { readOptions, verifyCommand } from "./options.ts";
import { formatResult, formatSummary, runChecks } from "./runner.ts";
import { LOGS_URL, openWorkspace } from "./workspace.ts";

const RETRY_MS = 3000;
const print = (text: string) => process.stdout.write(`${text}\n`);

/** Otherwise a minute without output would look like a hang. */
function reportWait({ what, seconds }: { readonly what: string; readonly seconds: number }): void {
  process.stderr.write(`Waiting ${seconds} s for the rate limit of ${what}, which earlier requests used up.\n`);
}

/** Waits until the deployment responds with 200, since a new one takes time to start. */
async function waitUntilLive(client: Client, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const response = await client.call("/health/live").catch((error: unknown) => error);
    const isLate = performance.now() >= deadline;
    if (response instanceof CheckFailure && isLate)
      throw new UsageError(
        `${client.api} does not respond (${response.parts.received}): check the URL, and whether the app runs.`,
      );
    // The checks report a wrong response.
    if (isLate || (!(response instanceof Error) && (response as { status: number }).status === 200)) return;
    await pause(RETRY_MS);
  }
}

async function main(): Promise<number> {
  const { flags } = readCommandLine(verifyCommand, { exitCode: 2 });
  const { VERIFY_TOKEN, VERIFY_PASSWORD } = process.env;
  const secrets = { token: VERIFY_TOKEN || undefined, password: VERIFY_PASSWORD || undefined };
  const options = readOptions(flags, { ...secrets, now: new Date() });
  const { api, input } = options;
  const traceId = randomUUID().replaceAll("-", "");
  const now = () => performance.now();
  const client = openClient({ api, traceId, timeout: options.timeout * 1000, pause, now, onWait: reportWait });
  await waitUntilLive(client, options.wait * 1000);
  const thumbnailTimeout = options.thumbnailTimeout * 1000;
  const queryWorkspace = openWorkspace(process.env.VERIFY_LOGS_URL || LOGS_URL);
  print(`${api}\n`);
  const results = await runChecks({
    checks,
    context: { client, pause, thumbnailTimeout, queryWorkspace },
    input,
    now,
    onResult: (result) => print(formatResult(result)),
  });
  print(`\n${formatSummary(results, traceId)}`);
  if (options.json) await writeFile(options.json, `${JSON.stringify({ url: api, traceId, results }, null, 2)}\n`);
  if (results.some(({ outcome }) => outcome === "failed")) return 1;
  if (!options.requireToken || input.token !== undefined) return 0;
  process.stderr.write("--require-token: the images were not checked, because --token and VERIFY_TOKEN are missing\n");
  return 3;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
