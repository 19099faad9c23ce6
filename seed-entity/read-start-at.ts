// The command line of npm run seed.
import { readCommandLine, UsageError } from "../scripts/command-line.ts";

const COMMAND = {
  name: "npm run seed",
  about: "Creates the rows and secrets that the app needs before its first visitor. A second run changes nothing.",
  flags: {
    "start-at": {
      value: "N",
      about: "the count of an older counter: raises each page to it, and never lowers one",
      default: "0",
    },
  },
} as const;

/** @throws {UsageError} unless the value is a whole number */
export function readStartAt(): number {
  const text = readCommandLine(COMMAND).flags["start-at"];
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new UsageError(
    `--start-at must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, received "${text}". Example: npm run seed -- --start-at 1200`,
  );
}
