// npm run deploy: deploys the commit that is checked out, from a laptop.
import { readCommandLine } from "../../command-line.ts";
import { messageOf } from "../error-message.ts";
import { deployFromLaptop } from "./deploy-from-laptop.ts";
import { terminalContext } from "./terminal.ts";

const { flags } = readCommandLine({
  name: "npm run deploy",
  about:
    "Deploys the commit that is checked out to a stage, as the pipeline does, with the login of az. Waits for a deployment that runs.",
  flags: {
    stage: { value: "STAGE", about: "production or preview-N" },
    "dry-run": { about: "plans, and changes nothing" },
    "start-at": { value: "N", about: "the count of an older counter" },
    "allow-loss": { about: "permits a plan that deletes data" },
  },
});

try {
  const { stage, "dry-run": dryRun, "start-at": startAt, "allow-loss": allowLoss } = flags;
  await deployFromLaptop(terminalContext(), {
    stageName: stage,
    dryRun,
    allowLoss,
    ...(startAt !== undefined && { startAt }),
  });
} catch (error) {
  process.stderr.write(`deploy: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
