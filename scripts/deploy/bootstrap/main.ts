// npm run bootstrap: prepares a subscription and a repository for the first deployment. Their owner runs it once, by hand.
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { choicesFile } from "../../../infra/choices.ts";
import { readCommandLine, UsageError } from "../../command-line.ts";
import { deployContext } from "../deploy-context.ts";
import { bootstrap, bootstrapOperator } from "./order.ts";

const { flags } = readCommandLine({
  name: "npm run bootstrap",
  about:
    "Prepares a subscription and a repository for deployments, and asks for what it needs. A second run changes nothing.",
  flags: {
    repository: { value: "OWNER/NAME", about: "the repository on GitHub; proposed: that of the git remote origin" },
    region: { value: "REGION", about: "the Azure region; proposed: swedencentral" },
    origin: {
      value: "ORIGIN",
      about: 'origin of the page such as https://ada.dev, or "website" for the page of site/',
    },
    "owner-email": { value: "ADDRESS", about: "the address with which the owner signs in" },
    reviewer: { value: "yes|no", about: "whether you approve each deployment to production; proposed: no" },
    operator: {
      value: "USER",
      about: "only grants a person what npm run deploy needs: me, an object id or an e-mail address",
    },
    "dry-run": { about: "prints what is missing, and changes nothing; needs neither az nor gh" },
    confirm: { about: "starts without asking for a confirmation, as scripts must" },
  },
});

/** On standard error, so that the questions can be seen when the output goes to a file. */
async function ask(text: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve, reject) => {
      // Ctrl-C or the end of the input: the promise of question() would stay pending.
      const stop = () => reject(new UsageError("stopped, and nothing was changed."));
      terminal.once("close", stop);
      terminal.question(text).then(resolve, reject);
    });
  } finally {
    terminal.close();
  }
}

try {
  const { operator, "dry-run": dryRun, confirm: confirmed, ...answers } = flags;
  const context = {
    ...deployContext,
    file: choicesFile(),
    lockFile: join(import.meta.dirname, "..", "..", "..", "infra", ".terraform.lock.hcl"),
    ...(process.stdin.isTTY && { ask }),
  };
  if (operator !== undefined) await bootstrapOperator(context, { operator, dryRun });
  else await bootstrap(context, { answers, dryRun, confirmed });
} catch (error) {
  process.stderr.write(`\nbootstrap: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
