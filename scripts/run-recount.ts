// npm run recount: runs the recount with the settings in the environment, or with those of the running npm start.
import { readCommandLine } from "./command-line.ts";
import { failWith, runWithSettings } from "./running-start.ts";

const COMMAND = {
  name: "npm run recount",
  about:
    "Counts the images of all owners and months again, prints what differs from the stored usage, and fails when a month differs that was not marked as changed.",
  flags: {},
} as const;

async function main(): Promise<void> {
  readCommandLine(COMMAND);
  await runWithSettings("scripts/recount.ts");
}

main().catch(failWith);
