// Reads status, code and retry delay of an SDK error. Statuses are reliable: codes differ between Cosmos DB, storage and Azurite.
import { RestError } from "@azure/data-tables";

/** HTTP status of the response; undefined without a response (connection refused, reset, timeout). */
export function statusOfSdkError(thrown: unknown): number | undefined {
  return thrown instanceof RestError ? thrown.statusCode : undefined;
}

/**
 * The same call can never succeed: the table is missing (404), the role is, the row cannot be written, or no call failed at
 * all. Cosmos DB also sends 410 and 449, which mean try again, so any status that is not listed is worth a repetition.
 */
export function isFinalSdkError(thrown: unknown): boolean {
  if (thrown instanceof RestError) return [400, 401, 403, 404, 413].includes(thrown.statusCode ?? 0);
  return !(thrown instanceof Error && thrown.name === "AbortError");
}

/** Error code of storage, where one status has several meanings. */
export function errorCodeOfSdkError(thrown: unknown): string | undefined {
  return thrown instanceof RestError ? thrown.response?.headers.get("x-ms-error-code") : undefined;
}

/** Seconds to wait, from x-ms-retry-after-ms or Retry-After; undefined without such a header. */
export function retryAfterOfSdkError(thrown: unknown): number | undefined {
  if (!(thrown instanceof RestError)) return undefined;
  const headers = thrown.response?.headers;
  const milliseconds = Number(headers?.get("x-ms-retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(milliseconds)) return milliseconds / 1000;
  const seconds = Number(headers?.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** The inner code of a Key Vault error: it distinguishes a disabled version from a missing role, both 403. */
export function innerCodeOfSdkError(thrown: unknown): string | undefined {
  if (!(thrown instanceof RestError)) return undefined;
  return (thrown.details as { error?: { innerError?: { code?: string } } } | undefined)?.error?.innerError?.code;
}
