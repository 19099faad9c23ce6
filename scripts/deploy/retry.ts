// Retries a step while its error is transient, and recognizes permissions that have not propagated yet.
import type { DeployContext } from "./deploy-context.ts";

export const MINUTE = 60_000;

export type RetryOptions = {
  /** Milliseconds from the first attempt after which the error is thrown. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Returns why the error is transient, or undefined for a final error. */
  readonly retryReason: (error: unknown) => string | undefined;
};

/** @throws what the last attempt threw */
export async function retry<T>(
  { clock, log }: Pick<DeployContext, "clock" | "log">,
  attempt: () => Promise<T>,
  { timeoutMs, intervalMs, retryReason }: RetryOptions,
): Promise<T> {
  const end = clock.now() + timeoutMs;
  for (;;)
    try {
      return await attempt();
    } catch (error) {
      const reason = retryReason(error);
      if (reason === undefined || clock.now() + intervalMs > end) throw error;
      log(`${reason}; retrying in ${intervalMs / 1000} s.`);
      await clock.sleep(intervalMs);
    }
}

/** Azure documents that a new role assignment takes effect within ten minutes. */
export const ROLE_PROPAGATION_MS = 10 * MINUTE;

const PERMISSION_DENIED =
  /\b403\b|forbidden|not authorized|not have (?:the )?(?:required|authorization)|AuthorizationFailed|AuthorizationPermissionMismatch/i;

/** The retry reason for a denied permission: its role may have been assigned minutes ago. */
export function permissionRetryReason(error: unknown): string | undefined {
  return PERMISSION_DENIED.test(String(error)) ? "Permission denied while role assignments propagate" : undefined;
}

/**
 * Retries an attempt every 20 seconds while its permission is denied, until a new role must have taken effect.
 * @throws what the last attempt threw
 */
export function retryWhileDenied<T>(
  context: Pick<DeployContext, "clock" | "log">,
  attempt: () => Promise<T>,
): Promise<T> {
  return retry(context, attempt, {
    timeoutMs: ROLE_PROPAGATION_MS,
    intervalMs: 20_000,
    retryReason: permissionRetryReason,
  });
}
