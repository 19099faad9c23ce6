// Simulates the container `$web` of a stage's static website behind az.
import { readFileSync } from "node:fs";
import type { DeployTarget } from "../target.ts";
import { denyWhile, fail, type StageFaults, type StageState } from "./stage-state.fixture.ts";

/** Address of the stage's static website. */
export const SITE = "https://sitevitae.z6.web.core.windows.net/";

type Stage = { readonly target: DeployTarget; readonly state: StageState; readonly faults: StageFaults };

/** The deployer may write there when the stage has a page. Nothing of the pipeline lists or deletes there. */
export function runWebBlob({ target, state, faults }: Stage, command: string, flags: Record<string, string>): unknown {
  const denied = "(AuthorizationPermissionMismatch) You do not have the required permissions, 403";
  if (!target.config.site.enabled || flags["account-name"] !== target.names.siteAccount) fail(denied);
  if (flags["auth-mode"] !== "login") fail("(KeyBasedAuthenticationNotPermitted) Keys are disabled.");
  denyWhile(faults, "webDenials", denied);
  if (command !== "storage blob upload") return fail(`az ${command} of $web is not simulated.`);
  const { name = "", file = "", overwrite } = flags;
  if (state.web.has(name) && overwrite !== "true") fail("(BlobAlreadyExists) The specified blob already exists.");
  state.web.set(name, {
    text: readFileSync(file, "utf8"),
    type: flags["content-type"] ?? "",
    cacheControl: flags["content-cache-control"] ?? "",
  });
  return {};
}
