// What an SDK's error means to us. Status codes decide: code strings differ between Cosmos DB, storage and Azurite.
import { RestError } from "@azure/data-tables";

/** HTTP status of the service's answer; undefined when there was none (refused, reset, timed out). */
export function statusOfSdkError(thrown: unknown): number | undefined {
  return thrown instanceof RestError ? thrown.statusCode : undefined;
}

/** What storage calls a failure: one status stands for several, of a container, a lease or a blob. */
export function errorCodeOfSdkError(thrown: unknown): string | undefined {
  return thrown instanceof RestError ? thrown.response?.headers.get("x-ms-error-code") : undefined;
}

/** Seconds the service asks to wait, from Retry-After or its millisecond cousins; undefined when it does not say. */
export function retryAfterOfSdkError(thrown: unknown): number | undefined {
  if (!(thrown instanceof RestError)) return undefined;
  const headers = thrown.response?.headers;
  const milliseconds = Number(headers?.get("x-ms-retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(milliseconds)) return milliseconds / 1000;
  const seconds = Number(headers?.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : undefined;
}
