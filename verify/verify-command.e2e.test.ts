// npm run verify as a process: table, file, exit codes and usage errors.
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { listen } from "../local/listen.ts";
import { startBroken } from "./broken-deployment.fixture.ts";
import { CheckFailure } from "./check-failure.ts";
import { openWorkspace } from "./workspace.ts";

const main = join(import.meta.dirname, "main.ts");
let backend: Backend;
let folder: string;
beforeAll(async () => {
  [backend, folder] = await Promise.all([
    startBackend({ RATE_LIMITS: "on" }),
    mkdtemp(join(tmpdir(), "vitae-verify-")),
  ]);
});
afterAll(async () => {
  await backend?.close();
  await rm(folder, { recursive: true });
});

type ExitResult = { code: number; out: string; err: string };
function verify(args: readonly string[], env: Record<string, string> = {}): Promise<ExitResult> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args], { env: { ...process.env, ...env } }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

it("passes what npm start serves, writes the results as JSON and exits with 0", async () => {
  const { url } = backend.host;
  const token = await backend.token("editor", "verify");
  const file = join(folder, "result.json");
  const { email, password } = backend.owner;
  const args = ["--url", url, "--allowed-origin", "https://a.example", "--email", email, "--json", file];
  const { code, out, err } = await verify(args, { VERIFY_TOKEN: token, VERIFY_PASSWORD: password });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^ok +\d+\.\d\d s {2}counter +10 simultaneous visits: \d+ to \d+, each number once$/m);
  expect(out).toMatch(/^ok .* images .*; image removed$/m);
  expect(out).toMatch(/^not run .* telemetry +no --workspace$/m);
  expect(out).toMatch(/^ok .* sign-in +tokens for the password/m);
  expect(out).toMatch(/^15 passed, 0 failed, 4 not run in .* trace id [0-9a-f]{32}$/m);
  const { results } = JSON.parse(await readFile(file, "utf8"));
  expect(results).toHaveLength(19);
  for (const secret of [token.slice(-20), password]) expect(out + JSON.stringify(results)).not.toContain(secret);
});

it("exits with 1 when a check fails", async () => {
  const { url } = await backend.addHost();
  const front = await startBroken({
    target: url,
    breakage: ({ path }) => (path === "/api/health" ? { status: 500 } : undefined),
  });
  onTestFinished(front.close);
  const { code, out } = await verify(["--url", front.url]);
  expect(code).toBe(1);
  expect(out).toMatch(/^FAILED .* health +expected 200 from GET \/api\/health$/m);
  expect(out).toMatch(/^not run .* images +no --token$/m);
  expect(out).toMatch(/^not run .* revoke +no --email with VERIFY_PASSWORD$/m);
});

it("waits for a deployment to start, and exits with 3 when a required token is missing", async () => {
  const { url } = await backend.addHost();
  let requests = 0;
  const front = await startBroken({
    target: url,
    breakage: ({ path }) => (path === "/api/health/live" && ++requests === 1 ? { status: 503 } : undefined),
  });
  onTestFinished(front.close);
  const { code, out, err } = await verify(["--url", front.url, "--wait", "60", "--require-token"]);
  expect(out).toMatch(/ 0 failed, /);
  expect(err).toMatch(/^--require-token: .*images.*\n$/);
  expect(code).toBe(3);
});

it.each([
  ["a missing URL", [], /^--url is missing/],
  ["a closed port", ["--url", "http://127.0.0.1:47"], /does not respond \(ECONNREFUSED\)/],
  ["an unknown host", ["--url", "http://verify.invalid"], /does not respond \((?:ENOTFOUND|EAI_AGAIN)\)/],
])("exits with 2 and one line for %s", async (_, args, line) => {
  const { code, out, err } = await verify(args);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toMatch(line);
  expect(err.trimEnd()).not.toContain("\n");
});

/** A query API, and a program az that returns a token for it. */
async function openLogs(listener: RequestListener) {
  const az = join(folder, "az");
  await writeFile(az, '#!/bin/sh\n[ "$1 $2" = "account get-access-token" ] || exit 1\necho cli-token\n');
  await chmod(az, 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${before}`;
  const { port, close } = await listen(createServer(listener), "The query API");
  onTestFinished(async () => {
    process.env.PATH = before;
    await close();
  });
  return openWorkspace(`http://127.0.0.1:${port}`);
}

it("queries the workspace with the Azure CLI's token, and treats a missing table as no rows", async () => {
  const requests: unknown[] = [];
  const query = await openLogs(async (request: IncomingMessage, response) => {
    requests.push([request.url, request.headers.authorization, await json(request)]);
    if (requests.length === 1) return void response.writeHead(400).end('{"error":{"code":"BadArgumentError"}}');
    response.end(JSON.stringify({ tables: [{ name: "PrimaryResult", columns: [{ name: "Count" }], rows: [[7]] }] }));
  });
  expect(await query("w1", "AppTraces | count")).toBe(0);
  expect(await query("w1", "AppTraces | count")).toBe(7);
  expect(requests[1]).toEqual(["/v1/workspaces/w1/query", "Bearer cli-token", { query: "AppTraces | count" }]);
});

it("reports a workspace without read access", async () => {
  const query = await openLogs((_, response) => response.writeHead(403).end("InsufficientAccessError"));
  const result = query("w1", "AppTraces | count");
  await expect(result).rejects.toBeInstanceOf(CheckFailure);
  await expect(result).rejects.toThrow(/403: InsufficientAccessError; look at: .*Log Analytics Reader/);
});
