// npm run seed: creates what a deployment needs before its first visitor. A second run changes nothing.
import { parseArgs } from "node:util";
import { createDeps } from "../functions/deps.ts";
import { readSettings } from "../functions/lib/settings.ts";
import { seed } from "./seed.ts";

const USAGE =
  "Usage: npm run seed -- [--start-at N], N a whole number: the count of an older counter, from which this one continues.";

function readStartAt(): number {
  let text: string;
  try {
    text = parseArgs({ options: { "start-at": { type: "string", default: "0" } } }).values["start-at"];
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new Error(
    `--start-at must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, received "${text}".\n${USAGE}`,
  );
}

/** The message of the error and of its causes. Only their first lines, because a store's response continues with ids. */
function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.cause === undefined) return thrown.message;
  return `${thrown.message}: ${describeError(thrown.cause).split("\n")[0]}`;
}

try {
  const startAt = readStartAt();
  const settings = readSettings();
  for await (const line of seed({
    deps: createDeps(settings),
    pages: settings.PAGES,
    startAt,
    ownerPassword: process.env.OWNER_PASSWORD,
  }))
    process.stdout.write(`${line}\n`);
} catch (error) {
  process.stderr.write(`seed-entity: ${describeError(error)}\n`);
  process.exitCode = 1;
}
