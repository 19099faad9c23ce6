// npm run bootstrap: prepares a subscription and a repository for the first deployment. Their owner runs it once, by hand.
import { join } from "node:path";
import { choicesFile } from "../../../infra/choices.ts";
import { readCommandLine } from "../../command-line.ts";
import { askAtTerminal } from "../ask.ts";
import { deployContext } from "../deploy-context.ts";
import { messageOf } from "../error-message.ts";
import { interruptible } from "../interruptible.ts";
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
      about: 'origin of the page such as https://ada.dev, or "website" for the page of site/; several with commas',
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

try {
  const { operator, "dry-run": dryRun, confirm: confirmed, ...answers } = flags;
  const { context: stoppable, stop } = interruptible(deployContext);
  // Otherwise az would go on, as programs run in groups of their own.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () =>
      stop(new Error("stopped. What exists by now stays: npm run bootstrap continues from there.")),
    );
  const context = {
    ...stoppable,
    file: choicesFile(),
    lockFile: join(import.meta.dirname, "..", "..", "..", "infra", ".terraform.lock.hcl"),
    ...(process.stdin.isTTY && { ask: askAtTerminal }),
  };
  if (operator !== undefined) await bootstrapOperator(context, { operator, dryRun });
  else await bootstrap(context, { answers, dryRun, confirmed });
} catch (error) {
  process.stderr.write(`\nbootstrap: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
