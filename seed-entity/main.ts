// npm run seed: creates what a deployment needs before its first visitor. A second run changes nothing.
import { createDeps } from "../functions/deps.ts";
import { readSettings } from "../functions/lib/settings.ts";
import { readStartAt } from "./read-start-at.ts";
import { seed } from "./seed.ts";

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
