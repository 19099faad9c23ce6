// One deployment of a stage at a time, of the pipeline or of a person: a lease on a blob in the container of the state.
import type { DeployContext } from "../deploy-context.ts";
import { messageOf } from "../error-message.ts";
import { interruptible, pause } from "../interruptible.ts";
import { keepLogin, renewLogin } from "../login.ts";
import { MINUTE, retryWhileDenied } from "../retry.ts";
import type { DeployTarget } from "../target.ts";
import { type Holder, LEASE_SECONDS, type Lease, openLease } from "./lock-blob.ts";

const RENEW_EVERY_MS = 20_000;
/** After a renewal that failed for a reason other than the lease. */
const RENEW_AGAIN_MS = 5_000;
/** No renewal begins later than this after the last good one: with the limit of a call it ends within the lease. */
const LAST_RENEWAL_MS = 50_000;
/** How long a deployment waits for the one that runs. */
export const LONGEST_WAIT_MS = 15 * MINUTE;
const POLL_MS = 10_000;

type LockTarget = Pick<DeployTarget, "stage" | "stateAccount" | "commit" | "operator">;

/** https://learn.microsoft.com/rest/api/storageservices/lease-blob: a breaking lease is not free yet. */
const isHeld = (error: unknown) =>
  /LeaseAlreadyPresent|already a lease present|LeaseIsBreakingAndCannotBeAcquired/.test(String(error));
/** The holder of an expired lease may renew it until the blob is leased or written by another. */
const isTaken = (error: unknown) =>
  /LeaseIdMismatch|LeaseNotPresent|LeaseIsBroken|LeaseIsBreaking|LeaseLost|BlobNotFound/.test(String(error));

/** @returns the time from which the lease lasts at least */
async function acquire(context: DeployContext, target: LockTarget, lease: Lease): Promise<number> {
  const { clock, log } = context;
  const end = clock.now() + LONGEST_WAIT_MS;
  let shown = "";
  for (;;) {
    const sentAt = clock.now();
    const isOurs = await retryWhileDenied(context, () => tryToAcquire(lease));
    if (isOurs) {
      const since = new Date(sentAt).toISOString();
      const holder = { by: target.operator.name.replace(/[^ -~]/g, "?"), commit: target.commit, since };
      await lease.describe(holder).catch((error) => log(`Others cannot see who deploys. ${messageOf(error)}`));
      return sentAt;
    }
    const holder = await describeHolder(lease);
    if (clock.now() >= end)
      throw new Error(
        `Another deployment of ${target.stage} still runs after ${LONGEST_WAIT_MS / MINUTE} minutes, so nothing was changed: ${holder}. Run this again when it has ended.`,
      );
    if (holder !== shown) {
      log(
        `Waiting for up to ${LONGEST_WAIT_MS / MINUTE} minutes for another deployment of ${target.stage}: ${holder}.`,
      );
      shown = holder;
    }
    await clock.sleep(POLL_MS);
  }
}

/** @returns false while another holds the lease */
async function tryToAcquire(lease: Lease): Promise<boolean> {
  try {
    await lease.acquire().catch(async (error: unknown) => {
      if (!/BlobNotFound/.test(String(error))) throw error;
      await lease.create();
      await lease.acquire();
    });
    return true;
  } catch (error) {
    if (isHeld(error)) return false;
    throw error;
  }
}

async function describeHolder(lease: Lease): Promise<string> {
  const { by, commit, since } = await lease.holder().catch((): Partial<Holder> => ({}));
  if (!by) return "its name is not known yet";
  return `${by}, commit ${commit?.slice(0, 7)}, since ${since}`;
}

/**
 * Renews the lease until the signal aborts or nothing may start any more. A laptop that slept renews an expired lease
 * too, if no one took it.
 * @throws {Error} when it was taken, or could not be renewed in time
 */
async function keep(context: Pick<DeployContext, "clock">, lease: Lease, acquiredAt: number, signal: AbortSignal) {
  const { clock } = context;
  let renewedAt = acquiredAt;
  let wait = Math.max(0, acquiredAt + RENEW_EVERY_MS - clock.now());
  while (await pause(context, wait, signal)) {
    const sentAt = clock.now();
    try {
      await lease.renew();
      renewedAt = sentAt;
      wait = RENEW_EVERY_MS;
    } catch (error) {
      wait = RENEW_AGAIN_MS;
      if (isTaken(error) || clock.now() + wait > renewedAt + LAST_RENEWAL_MS) throw error;
    }
  }
}

/**
 * Runs the work with a context of which every call throws once the lock is lost. Waits first for the deployment that
 * holds the lock, for up to 15 minutes.
 * @throws {Error} when the other deployment does not end, or when the lock was lost while the work ran
 */
export async function withDeploymentLock<T>(
  outer: DeployContext,
  target: LockTarget,
  work: (context: DeployContext) => Promise<T>,
): Promise<T> {
  const { context, stop } = interruptible(outer);
  const lease = openLease(outer, target);
  await renewLogin(outer, process.env);
  const acquiredAt = await acquire(outer, target, lease);
  const end = new AbortController();
  let lost: Error | undefined;
  const renewal = keep(outer, lease, acquiredAt, end.signal).catch((error: unknown) => {
    lost = new Error(
      `The lock of ${target.stage} was lost, so this deployment was stopped and rolled nothing back: ${messageOf(error)}\n` +
        "Another deployment may run now. When none does, run this again.",
      { cause: error },
    );
    stop(lost);
  });
  void keepLogin(outer, process.env, end.signal);
  const [outcome] = await Promise.allSettled([work(context)]);
  end.abort();
  await renewal;
  // Whatever the work made of it, this is why it ended.
  if (lost) throw lost;
  await lease.release().catch((error: unknown) => {
    const reason = messageOf(error);
    outer.log(`The lock of ${target.stage} was not released; it is free after ${LEASE_SECONDS} seconds. ${reason}`);
  });
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}
