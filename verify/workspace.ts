// Asks a Log Analytics workspace a question, with the token of whoever is logged in to the Azure CLI.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Fault, type Run } from "./check.ts";
import { reasonOf } from "./client.ts";

/** Of the public cloud: where to ask, and for whom the token is. */
export const LOGS_URL = "https://api.loganalytics.io";
const TIMEOUT_MS = 60_000;

async function cliToken(): Promise<string> {
  const args = ["account", "get-access-token", "--resource", LOGS_URL, "--query", "accessToken", "--output", "tsv"];
  try {
    return (await promisify(execFile)("az", args)).stdout.trim();
  } catch (thrown) {
    throw new Fault({
      expected: "a token from az account get-access-token",
      received: reasonOf(thrown).split("\n").slice(0, 2).join(" "),
      look: "whether the Azure CLI is here and logged in: az login",
    });
  }
}

/** @param url where the query API is, without a path. */
export function openWorkspace(url: string): Run["askWorkspace"] {
  let token: Promise<string> | undefined;
  return async (workspace, query) => {
    token ??= cliToken();
    const answer = await fetch(`${url}/v1/workspaces/${workspace}/query`, {
      method: "POST",
      headers: { authorization: `Bearer ${await token}`, "content-type": "application/json" },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { status } = answer;
    const text = await answer.text();
    // A new workspace refuses questions about tables that nothing was sent to yet; throttling and faults pass as well.
    if (status === 400 || status === 429 || status >= 500) return 0;
    const rows = status === 200 ? (JSON.parse(text).tables?.[0]?.rows?.[0]?.[0] as unknown) : undefined;
    if (typeof rows === "number") return rows;
    throw new Fault({
      expected: "a number from the workspace",
      received: `${status}: ${text.slice(0, 160)}`,
      look: "the workspace's id, and whether who is logged in may read it (role Log Analytics Reader)",
    });
  };
}
