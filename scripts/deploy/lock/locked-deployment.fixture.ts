// A deployment that holds the lock of a stage, in virtual time.
import type { DeployContext } from "../deploy-context.ts";
import { type BlobLeases, leaseContext } from "./blob-leases.fixture.ts";
import { withDeploymentLock } from "./deployment-lock.ts";

const SECOND = 1000;
const target = (name: string) => ({
  stage: "production" as const,
  stateAccount: "vitaestate1",
  commit: "a".repeat(40),
  operator: { objectId: "o", type: "User" as const, name },
});

/** Begins a deployment whose work takes the given time, in steps of ten seconds that are calls of the context. */
export function beginDeployment(
  leases: BlobLeases,
  name: string,
  seconds: number,
  work?: (context: DeployContext) => Promise<unknown>,
  within = (context: DeployContext) => context,
) {
  const sides = leaseContext(leases);
  const deployment = { ...sides, began: 0, ended: 0, outcome: undefined as string | undefined };
  const wait = async ({ clock }: DeployContext) => {
    for (let left = seconds; left > 0; left -= 10) await clock.sleep(10 * SECOND);
  };
  void withDeploymentLock(within(sides.context), target(name), async (context) => {
    deployment.began = Date.now();
    try {
      await (work ?? wait)(context);
    } finally {
      deployment.ended = Date.now();
    }
  }).then(
    () => (deployment.outcome = "done"),
    (error: Error) => (deployment.outcome = error.message),
  );
  return deployment;
}
