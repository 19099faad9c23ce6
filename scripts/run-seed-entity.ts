// npm run seed: runs seed-entity with the settings in the environment, or with those of the running npm start.
import { readFlags } from "../seed-entity/read-flags.ts";
import { failWith, runWithSettings } from "./running-start.ts";

function printPages(settings: NodeJS.Dict<string>): void {
  const { PAGES } = process.env;
  const ignored =
    PAGES && PAGES !== settings.PAGES ? ` (not PAGES=${PAGES} of this shell: restart npm start with it)` : "";
  process.stdout.write(`Pages of the running npm start: ${settings.PAGES?.replaceAll(",", ", ")}${ignored}\n`);
}

async function main(): Promise<void> {
  readFlags();
  await runWithSettings("seed-entity/main.ts", printPages);
}

main().catch(failWith);
