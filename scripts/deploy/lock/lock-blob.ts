// The blob whose lease is the lock of a stage, and the calls of az on it.
import { randomUUID } from "node:crypto";
import { createAz } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { type DeployTarget, stateContainer } from "../target.ts";

/** The most that Azure permits. The lock of a run that was killed is free after it. */
export const LEASE_SECONDS = 60;
/** Of a renewal: with the last one that deployment-lock.ts begins, it ends within the lease. */
const RENEWAL_MS = 10_000;
/** Of the other calls: az itself can wait for ever. */
const CALL_MS = 20_000;

/** Name of the blob, among the states of the stage's stacks. */
export const lockOf = (stage: DeployTarget["stage"]) => `${stage}/deployment.lock`;

/** The calls on the blob, each with a limit. */
export function openLease({ run }: Pick<DeployContext, "run">, target: Pick<DeployTarget, "stage" | "stateAccount">) {
  const container = stateContainer(target);
  const name = lockOf(target.stage);
  const blob = ["--name", name];
  const leased = ["--blob-name", name];
  const id = randomUUID();
  const limited =
    (timeoutMs: number) =>
    (...args: string[]) =>
      createAz(run, timeoutMs)("storage", "blob", ...args, ...container);
  const call = limited(CALL_MS);
  return {
    acquire: () =>
      call("lease", "acquire", ...leased, "--lease-duration", String(LEASE_SECONDS), "--proposed-lease-id", id),
    renew: () => limited(RENEWAL_MS)("lease", "renew", ...leased, "--lease-id", id),
    release: () => call("lease", "release", ...leased, "--lease-id", id),
    /** Creates the blob unless it exists. */
    create: () =>
      call("upload", ...blob, "--data", "Its lease is the lock of a deployment.", "--overwrite", "false").catch(
        (error) => {
          if (!/BlobAlreadyExists|LeaseIdMissing/.test(String(error))) throw error;
        },
      ),
    describe: (metadata: Holder) =>
      call(
        ...["metadata", "update", ...blob, "--lease-id", id],
        ...["--metadata", ...Object.entries(metadata).map(([name, value]) => `${name}=${value}`)],
      ),
    holder: () => call("metadata", "show", ...blob) as Promise<Partial<Holder>>,
  };
}

/** The blob's metadata. Headers carry it, so it is ASCII. */
export type Holder = {
  /** The person or the run of the pipeline. */
  readonly by: string;
  readonly commit: string;
  /** ISO time. */
  readonly since: string;
};
export type Lease = ReturnType<typeof openLease>;
