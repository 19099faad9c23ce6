// seed-entity as the pipeline runs it: a process, its lines, its exit code.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { createCredential } from "../functions/lib/azure/credential.ts";
import { createTableClient } from "../functions/lib/azure/tables.ts";
import { tables } from "../functions/lib/names.ts";

const table = createTableClient({
  endpoint: process.env.TABLES_ENDPOINT as string,
  table: tables.visits,
  credential: createCredential(undefined),
  retries: 0,
});
let page: string;
beforeEach(() => {
  page = `p${randomUUID()}`;
});

type Outcome = { code: unknown; lines: string[]; fault: string };

function seed(settings: Record<string, string | undefined> = {}, ...args: string[]): Promise<Outcome> {
  const env = { ...process.env, PAGES: page, ...settings };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, lines: stdout.trim().split("\n"), fault: stderr }),
    );
  });
}

it("creates what is absent and says so; the second run changes nothing and says that", async () => {
  const first = await seed();
  expect(first.code).toBe(0);
  expect(first.lines[0]).toBe(`visits of "${page}": created at 0`);
  const before = await table.getEntity(page, "total");
  const second = await seed();
  expect(second).toEqual({
    code: 0,
    fault: "",
    lines: [
      `visits of "${page}": stood already at 0`,
      'secret "signing-keys": stood already',
      'secret "owner-password": stood already',
    ],
  });
  expect((await table.getEntity(page, "total")).etag).toBe(before.etag);
});

it("brings an old count along, raises a smaller one, never lowers a larger one", async () => {
  expect((await seed({}, "--start-at", "500")).lines[0]).toBe(`visits of "${page}": created at 500`);
  expect((await seed({}, "--start-at", "700")).lines[0]).toBe(`visits of "${page}": raised at 700`);
  expect((await seed({}, "--start-at", "600")).lines[0]).toBe(
    `visits of "${page}": stood already at 700, which is not less than 600`,
  );
  expect((await table.getEntity(page, "total")).count).toBe(700n);
});

it("names every missing setting at once and touches nothing", async () => {
  const { code, fault } = await seed({ TABLES_ENDPOINT: undefined, VAULT_URI: undefined, PAGES: "Bad Page" });
  expect(code).toBe(1);
  for (const name of ["TABLES_ENDPOINT", "VAULT_URI", "PAGES"]) expect(fault).toContain(name);
  expect(fault).not.toMatch(/at .*\.ts/);
});

it.each(["-1", "1.5", "many", "9007199254740993", ""])("refuses --start-at=%s and says what it takes", async (text) => {
  const { code, fault } = await seed({}, `--start-at=${text}`);
  expect(code).toBe(1);
  expect(fault).toContain("--start-at must be a whole number");
});

it("ends with 1 and one line when the store cannot be reached", async () => {
  const { code, fault } = await seed({ TABLES_ENDPOINT: "https://127.0.0.1:9/devstoreaccount1" });
  expect(code).toBe(1);
  expect(fault.trim().split("\n")).toHaveLength(1);
});
