// Who holds the lock of a stage at this moment, for a step that must not disturb another deployment.
import type { Az } from "../command.ts";
import { type DeployTarget, stateContainer } from "../target.ts";
import { lockOf } from "./lock-blob.ts";

type Blob = { readonly state: string; readonly by: string | null };

/** @returns the name of another deployment that holds the lock; undefined when it is free or ours, as after a killed run */
export async function otherHolder(
  az: Az,
  target: Pick<DeployTarget, "stage" | "stateAccount" | "operator">,
): Promise<string | undefined> {
  const blob = [...stateContainer(target), "--name", lockOf(target.stage)];
  const query = "{state:properties.lease.state, by:metadata.by}";
  const found = (await az("storage", "blob", "show", ...blob, "--query", query).catch((error) => {
    if (/BlobNotFound|does not exist/.test(String(error))) return undefined;
    throw error;
  })) as Blob | undefined;
  if (found?.state !== "leased" || found.by === target.operator.name) return undefined;
  return found.by ?? "another deployment";
}
