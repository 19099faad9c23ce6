// seed-entity as a process, as the pipeline runs it: its output and its exit code.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { beforeEach, expect, it, vi } from "vitest";
import { createDeps } from "../functions/deps.ts";
import { createCredential } from "../functions/lib/azure/credential.ts";
import { createTableClient } from "../functions/lib/azure/tables.ts";
import { LOCAL_OWNER_EMAIL, tables } from "../functions/lib/names.ts";
import { readSettings } from "../functions/lib/settings.ts";
import { tablesEndpoint } from "../functions/lib/test-services.fixture.ts";
import { seedSettings } from "../scripts/deploy/deployment/seed-deployment.ts";
import { createStage } from "../scripts/deploy/deployment/simulated-stage.fixture.ts";
import { installStandIn } from "../scripts/deploy/stand-in.fixture.ts";
import { seed as seedEntity } from "./seed.ts";

const table = createTableClient({
  endpoint: tablesEndpoint,
  table: tables.visits,
  credential: createCredential(undefined),
  retries: 0,
});
let page: string;
beforeEach(() => {
  page = `p${randomUUID()}`;
});

type Outcome = { code: unknown; lines: string[]; stderr: string };

function seed(settings: Record<string, string | undefined> = {}, ...args: string[]): Promise<Outcome> {
  const env = { ...process.env, PAGES: page, ...settings };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, lines: stdout.trim().split("\n"), stderr }),
    );
  });
}

it("creates missing rows and secrets, and changes nothing in the second run", async () => {
  // Other test files may have created users in the same table, and then a seed creates no owner by itself.
  const first = await seed({}, "--restore-owner");
  expect(first.code).toBe(0);
  expect(first.lines[0]).toBe(`visits of "${page}": created at 0`);
  const before = await table.getEntity(page, "total");
  const second = await seed();
  expect(second).toEqual({
    code: 0,
    stderr: "",
    lines: [
      `visits of "${page}": already at 0`,
      'secret "signing-keys": already exists',
      'secret "owner-password": already exists',
      'user "owner": already exists',
      'password of "owner": unchanged, because this version of the secret was set before',
    ],
  });
  expect((await table.getEntity(page, "total")).etag).toBe(before.etag);
});

// Here, since two seeds at once would both create the owner's password, and the later one would count as newer.
it("uses a token from az with the settings of the pipeline, without managed identity, key or secret", async () => {
  await using az = await installStandIn("az", "az-login.ts");
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER } = process.env;
  const { AZURE_TOKEN_CREDENTIALS, AZURE_CLIENT_ID, OWNER_EMAIL } = seedSettings(createStage().target);
  const login = { LOGIN_ENDPOINT: IDENTITY_ENDPOINT, LOGIN_HEADER: IDENTITY_HEADER, PATH: az.PATH };
  const settings = { AZURE_TOKEN_CREDENTIALS, AZURE_CLIENT_ID, OWNER_EMAIL, ...login };
  const noIdentity = { IDENTITY_ENDPOINT: undefined, IDENTITY_HEADER: undefined };
  const { lines, ...outcome } = await seed({ ...settings, ...noIdentity }, "--start-at", "5");
  expect([lines[0], outcome]).toEqual([`visits of "${page}": created at 5`, { code: 0, stderr: "" }]);
});

it("prints that a newer version of the secret ended all sessions, and which address the owner signs in with", async () => {
  const seededOwner = {
    checkEmail: (email: string) => email,
    checkPassword: async (password: string) => password,
    create: async () => ({ outcome: "exists" as const, email: "grace@localhost" }),
    takePassword: vi.fn(async (_: string) => "restored" as const),
  };
  const vault = { list: async () => [{ enabled: true }], read: async () => ({ value: "", version: "2" }) };
  const deps = { seededOwner, vault } as never;
  const options = { pages: [], startAt: 0, ownerEmail: "ada@localhost", ownerPassword: undefined };
  const lines: string[] = [];
  for await (const line of seedEntity({ deps, isOwnerRestored: false, ...options })) lines.push(line);
  expect(lines.join("\n")).not.toContain("grace");
  const shown: string[] = [];
  for await (const line of seedEntity({ deps, isOwnerRestored: false, isAddressShown: true, ...options }))
    shown.push(line);
  expect(shown).toContain('user "owner": already exists, signs in as grace@localhost');
  expect(seededOwner.takePassword).toHaveBeenCalledWith("ada@localhost", expect.any(Function));
  expect(lines.slice(-2)).toEqual([
    'password of "owner": set from the newer version of the secret "owner-password"; all sessions and access tokens ended',
    'user "owner": signs in as ada@localhost, with role owner and state active',
  ]);
});

it("starts at an old count, raises a smaller one and keeps a larger one", async () => {
  expect((await seed({}, "--start-at", "500")).lines[0]).toBe(`visits of "${page}": created at 500`);
  const options = {
    deps: createDeps({ ...readSettings(), PAGES: [page] }),
    pages: [page],
    ownerPassword: undefined,
    isOwnerRestored: false,
  };
  const seedAt = (startAt: number) => seedEntity({ ...options, startAt, ownerEmail: LOCAL_OWNER_EMAIL }).next();
  expect((await seedAt(700)).value).toBe(`visits of "${page}": raised to 700`);
  expect((await seedAt(600)).value).toBe(`visits of "${page}": stays at 700, above 600`);
  expect((await table.getEntity(page, "total")).count).toBe(700n);
});

it("reports every invalid setting at once", async () => {
  const { code, stderr } = await seed({ TABLES_ENDPOINT: undefined, VAULT_URI: undefined, PAGES: "Bad Page" });
  expect(code).toBe(1);
  for (const name of ["TABLES_ENDPOINT", "VAULT_URI", "PAGES"]) expect(stderr).toContain(name);
  expect(stderr).not.toMatch(/at .*\.ts/);
});

it("rejects a missing e-mail address of the owner outside the stage local, and an invalid one everywhere", async () => {
  const deployment = {
    ...{ STAGE: "production", RATE_LIMITS: "on", METRICS_ENABLED: "false" },
    ...{
      TABLES_ENDPOINT: "https://t.example",
      VAULT_URI: "https://v.example",
      MEDIA__blobServiceUri: "https://m.example",
      SITE_BLOB_ENDPOINT: "https://s.example",
      SITE_URL: "https://s.example/",
    },
    AZURE_CLIENT_ID: "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11",
  };
  const missing = await seed({ ...deployment, OWNER_EMAIL: undefined });
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("Example: OWNER_EMAIL=ada@example.com") });
  const invalid = await seed({ OWNER_EMAIL: "ada" });
  expect(invalid).toMatchObject({ code: 1, lines: [""], stderr: expect.stringContaining('received "ada"') });
});

it("exits with 1 and one line when the table is unreachable", async () => {
  const { code, stderr } = await seed({ TABLES_ENDPOINT: "https://127.0.0.1:9/devstoreaccount1" });
  expect(code).toBe(1);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
