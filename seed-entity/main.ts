// npm run seed: creates what a deployment needs before its first visitor. A second run changes nothing.
import { createDeps } from "../functions/deps.ts";
import { LOCAL_OWNER_EMAIL } from "../functions/lib/names.ts";
import { readSettings } from "../functions/lib/settings.ts";
import { readFlags } from "./read-flags.ts";
import { seed } from "./seed.ts";

/** The message of the error and of its causes. Only their first lines, because a store's response continues with ids. */
function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.cause === undefined) return thrown.message;
  return `${thrown.message}: ${describeError(thrown.cause).split("\n")[0]}`;
}

/** @throws {Error} when OWNER_EMAIL is missing outside `npm start` */
function readOwnerEmail(stage: string): string {
  const email = process.env.OWNER_EMAIL?.trim() || (stage === "local" ? LOCAL_OWNER_EMAIL : "");
  if (email) return email;
  throw new Error("OWNER_EMAIL is missing: the e-mail address of the owner. Example: OWNER_EMAIL=ada@example.com");
}

try {
  const flags = readFlags();
  const settings = readSettings();
  for await (const line of seed({
    deps: createDeps(settings),
    pages: settings.PAGES,
    ...flags,
    ownerEmail: readOwnerEmail(settings.STAGE),
    ownerPassword: process.env.OWNER_PASSWORD,
    isAddressShown: settings.STAGE === "local",
  }))
    process.stdout.write(`${line}\n`);
} catch (error) {
  process.stderr.write(`seed-entity: ${describeError(error)}\n`);
  process.exitCode = 1;
}
