// npm run revoke-links: ends all links of a stage at once.
import { parseStage } from "../../../infra/config.ts";
import { readCommandLine } from "../../command-line.ts";
import { deployContext } from "../deploy-context.ts";
import { messageOf } from "../error-message.ts";
import { revokeLinks } from "./revoke-links.ts";

const { flags } = readCommandLine({
  name: "npm run revoke-links",
  about:
    "Revokes the keys that sign links, which ends every link of a stage, and restarts its app. Uses the login of az.",
  flags: { stage: { value: "STAGE", about: "production or preview-N" } },
});

try {
  await revokeLinks(deployContext, parseStage(flags.stage));
} catch (error) {
  process.stderr.write(`revoke-links: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
