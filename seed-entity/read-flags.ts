// The command line of npm run seed.
import { readCommandLine, UsageError } from "../scripts/command-line.ts";

const COMMAND = {
  name: "npm run seed",
  about:
    "Creates the rows, secrets and owner account that the app needs before its first visitor. A second run changes nothing.",
  flags: {
    "start-at": {
      value: "N",
      about: "the count of an older counter: raises each page to it, and never lowers one",
      default: "0",
    },
    "restore-owner": { about: "creates the user `owner` again, which was deleted while the site had other users" },
  },
} as const;

/** @throws {UsageError} unless it is a whole number */
export function readStartAt(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new UsageError(
    `--start-at must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, received "${text}". Example: --start-at 1200`,
  );
}

/** @throws {UsageError} unless --start-at is a whole number */
export function readFlags(): { readonly startAt: number; readonly isOwnerRestored: boolean } {
  const { "start-at": startAt, "restore-owner": isOwnerRestored } = readCommandLine(COMMAND).flags;
  return { startAt: readStartAt(startAt), isOwnerRestored };
}
