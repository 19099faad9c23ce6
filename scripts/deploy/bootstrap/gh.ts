// Calls GitHub with gh.
import { CommandError, type Run, runOrThrow } from "../command.ts";

/** Runs gh and returns its output. `body` goes to its standard input as JSON. */
export type Gh = (args: readonly string[], body?: object) => Promise<string>;

const CALL_MS = 60_000;

export function createGh(run: Run): Gh {
  return (args, body) =>
    runOrThrow(run, ["gh", args, { timeoutMs: CALL_MS, ...(body && { input: JSON.stringify(body) }) }]);
}

/** The status of a failed `gh api`, which prints `gh: MESSAGE (HTTP 404)`. */
export function statusOf(error: unknown): number | undefined {
  const status = error instanceof CommandError ? /\(HTTP (\d{3})\)|gh: HTTP (\d{3})/.exec(error.message) : null;
  return status ? Number(status[1] ?? status[2]) : undefined;
}

/** @returns undefined when GitHub responds with 404 */
export async function getFromGitHub<T>(gh: Gh, path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await gh(["api", path])) as T;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
