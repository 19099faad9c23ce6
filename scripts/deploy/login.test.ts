// Logging in with the token of a GitHub job.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Run } from "./command.ts";
import { renewLogin } from "./login.ts";

const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2ln";
const ENTRIES = "service_principal_entries.json";

/** What az prints for the attempts of a login, and GitHub's statuses, in their order. The last of each repeats. */
type Faults = { readonly statuses?: readonly (number | "unreachable")[]; readonly errors?: readonly string[] };

/** A job whose az is logged in with an old token. A login rewrites the profile and the token of its own folder. */
function createJob({ statuses = [200], errors = [""] }: Faults = {}) {
  const folder = mkdtempSync(join(tmpdir(), "vitae-azure-"));
  const write = (to: string, token: string) => {
    writeFileSync(join(to, "azureProfile.json"), token);
    writeFileSync(join(to, ENTRIES), token);
  };
  write(folder, "old");
  const environment = {
    ACTIONS_ID_TOKEN_REQUEST_URL: "https://pipelines.test/token?api-version=2",
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job-token",
    ARM_CLIENT_ID: "client",
    ARM_TENANT_ID: "tenant",
    AZURE_CONFIG_DIR: folder,
  };
  const ran: string[] = [];
  const requests: string[] = [];
  const lines: string[] = [];
  let now = 0;
  const run: Run = async (command, args, { env } = {}) => {
    const stderr = errors[Math.min(ran.length, errors.length - 1)] as string;
    ran.push([command, ...args].join(" "));
    if (stderr === "") write(env?.AZURE_CONFIG_DIR ?? folder, "new");
    return { code: stderr === "" ? 0 : 1, stdout: "", stderr };
  };
  const fakeFetch: typeof fetch = async (address, init) => {
    const status = statuses[Math.min(requests.length, statuses.length - 1)] as number | "unreachable";
    requests.push(`${address} ${new Headers(init?.headers).get("authorization")}`);
    if (status === "unreachable") throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } });
    return Response.json({ value: TOKEN }, { status });
  };
  const sleep = async (milliseconds: number) => {
    now += milliseconds;
  };
  return {
    ran,
    requests,
    lines,
    elapsed: () => now,
    files: () =>
      Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")])),
    renew: (changes: Record<string, undefined> = {}) =>
      renewLogin(
        { run, fetch: fakeFetch, clock: { now: () => now, sleep }, log: (line) => lines.push(line) },
        { ...environment, ...changes },
      ).then(
        () => "renewed",
        (error: Error) => error.message,
      ),
  };
}

it("renewLogin requests a token from GitHub, logs az in with it, and replaces nothing but the token", async () => {
  const { ran, requests, renew, files } = createJob();
  expect(await renew()).toBe("renewed");
  expect(requests).toEqual([
    "https://pipelines.test/token?api-version=2&audience=api%3A%2F%2FAzureADTokenExchange Bearer job-token",
  ]);
  expect(ran).toHaveLength(1);
  expect(ran[0]).toMatch(/^az login --service-principal --username client --tenant tenant --federated-token eyJ/);
  // Another az may read the profile at this moment.
  expect(files()).toEqual({ "azureProfile.json": "old", [ENTRIES]: "new" });
});

it("renewLogin keeps a person's login outside a GitHub job", async () => {
  const { ran, requests, renew } = createJob();
  expect(await renew({ ACTIONS_ID_TOKEN_REQUEST_URL: undefined })).toBe("renewed");
  expect([ran, requests]).toEqual([[], []]);
});

it.each<[string, Faults]>([
  ["GitHub has no connection, then an error of its own", { statuses: ["unreachable", 503, 200] }],
  [
    "Azure has no connection",
    { errors: ["ERROR: HTTPSConnectionPool(host='login.microsoftonline.com'): Max retries", ""] },
  ],
  ["Azure reports a transient error", { errors: ["ERROR: AADSTS90033: A transient error has occurred.", ""] }],
])("renewLogin tries again when %s", async (_, faults) => {
  const { renew, files, lines } = createJob(faults);
  expect(await renew()).toBe("renewed");
  expect(files()[ENTRIES]).toBe("new");
  expect(lines.join("\n")).not.toContain("eyJ");
});

it("renewLogin gives up after two minutes without a connection, and keeps the login", async () => {
  const { renew, elapsed, files } = createJob({ statuses: ["unreachable"] });
  expect(await renew()).toBe("GitHub is unreachable for a token: ECONNRESET");
  expect(elapsed()).toBe(120_000);
  expect(files()).toEqual({ "azureProfile.json": "old", [ENTRIES]: "old" });
});

it("renewLogin names the missing permission when GitHub issues no token, and does not try again", async () => {
  const { renew, requests } = createJob({ statuses: [403] });
  expect(await renew()).toMatch(/status 403.*"id-token: write"/);
  expect(requests).toHaveLength(1);
});

it("renewLogin prints no token when Azure rejects it, and does not try again", async () => {
  const { renew, ran, files } = createJob({ errors: ["AADSTS70021: No matching federated identity record found"] });
  const message = await renew();
  expect(message).toContain("AADSTS70021");
  expect(message).not.toContain("eyJ");
  expect(ran).toHaveLength(1);
  expect(Object.keys(files())).toEqual(["azureProfile.json", ENTRIES]);
});
