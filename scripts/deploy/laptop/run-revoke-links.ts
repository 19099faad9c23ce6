// npm run revoke-links: ends all links of a stage at once.
import { parseStage } from "../../../infra/config.ts";
import { readCommandLine } from "../../command-line.ts";
import { createAz, run } from "../command.ts";
import { deployContext } from "../deploy-context.ts";
import { messageOf } from "../error-message.ts";
import { MINUTE } from "../retry.ts";
import { revokeLinks } from "./revoke-links.ts";

/** az itself can wait for ever. */
const CALL_MS = 2 * MINUTE;

const { flags } = readCommandLine({
  name: "npm run revoke-links",
  about:
    "Revokes the keys that sign links, which ends every link of a stage, and restarts its app. Uses the login of az.",
  flags: { stage: { value: "STAGE", about: "production or preview-N" } },
});

try {
  const az = createAz(run, CALL_MS);
  await revokeLinks({ ...deployContext, az }, parseStage(flags.stage));
} catch (error) {
  process.stderr.write(`revoke-links: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
