// Queries a Log Analytics workspace with the token of the Azure CLI.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { CheckContext } from "./check.ts";
import { CheckFailure } from "./check-failure.ts";
import { reasonOf } from "./client.ts";

/** The query API of the public cloud, which is also the resource of its tokens. */
export const LOGS_URL = "https://api.loganalytics.io";
const TIMEOUT_MS = 60_000;

async function cliToken(): Promise<string> {
  const args = ["account", "get-access-token", "--resource", LOGS_URL, "--query", "accessToken", "--output", "tsv"];
  try {
    return (await promisify(execFile)("az", args)).stdout.trim();
  } catch (error) {
    throw new CheckFailure({
      expected: "a token from az account get-access-token",
      received: reasonOf(error).split("\n").slice(0, 2).join(" "),
      look: "whether the Azure CLI is installed and signed in: az login",
    });
  }
}

/** @param url origin of the query API */
export function openWorkspace(url: string): CheckContext["queryWorkspace"] {
  let token: Promise<string> | undefined;
  return async (workspace, query) => {
    token ??= cliToken();
    const response = await fetch(`${url}/v1/workspaces/${workspace}/query`, {
      method: "POST",
      headers: { authorization: `Bearer ${await token}`, "content-type": "application/json" },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { status } = response;
    const text = await response.text();
    // A new workspace returns 400 for a table without rows. Throttling and 5xx are transient.
    if (status === 400 || status === 429 || status >= 500) return 0;
    const rows = status === 200 ? (JSON.parse(text).tables?.[0]?.rows?.[0]?.[0] as unknown) : undefined;
    if (typeof rows === "number") return rows;
    throw new CheckFailure({
      expected: "a number from the workspace",
      received: `${status}: ${text.slice(0, 160)}`,
      look: "the workspace's id, and whether the signed-in account may read it (role Log Analytics Reader)",
    });
  };
}
