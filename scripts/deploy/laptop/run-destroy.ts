// npm run destroy: removes a stage, or everything that bootstrap and deployments created.
import { readCommandLine } from "../../command-line.ts";
import { messageOf } from "../error-message.ts";
import { confirmAtTerminal } from "./confirm.ts";
import { destroyEverything } from "./destroy-everything.ts";
import { destroyFromLaptop } from "./destroy-from-laptop.ts";
import { terminalContext } from "./terminal.ts";

const { flags } = readCommandLine({
  name: "npm run destroy",
  about: "Removes a stage with its data, or all of Vitae from the subscription and from GitHub. Uses the login of az.",
  flags: {
    stage: { value: "STAGE", about: "production or preview-N" },
    everything: { about: "all stages, and what npm run bootstrap created" },
    "dry-run": { about: "says what would be deleted, and deletes nothing" },
    confirm: { value: "WORD", about: "the stage, or everything: deletes without a question" },
  },
});

try {
  const { stage, everything, "dry-run": dryRun, confirm } = flags;
  if (everything === (stage !== undefined)) throw new Error("Pass either --stage STAGE or --everything.");
  const options = { dryRun, confirm: confirmAtTerminal(confirm) };
  const context = terminalContext();
  if (stage === undefined) await destroyEverything(context, options);
  else await destroyFromLaptop(context, { stageName: stage, ...options });
} catch (error) {
  process.stderr.write(`destroy: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
