// Who may import whom, shown by what Biome says of one import at a time: a fence that refuses nothing would not be one.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const biome = join(root, "node_modules", ".bin", "biome");

type Row = [path: string, line: string];

/** What Biome reports of the rows, written into files of a project that has nothing but our configuration. */
async function lint(rows: readonly Row[]): Promise<(row: Row) => string[]> {
  const folder = await mkdtemp(join(tmpdir(), "vitae-fences-"));
  const lines = Map.groupBy(rows, ([path]) => path);
  const configuration = JSON.parse(await readFile(join(root, "biome.json"), "utf8"));
  await writeFile(join(folder, "biome.json"), JSON.stringify({ ...configuration, vcs: { enabled: false } }));
  for (const [path, written] of lines) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `${written.map(([, line]) => line).join("\n")}\n`);
  }
  const output = await new Promise<string>((resolve) => {
    const args = ["lint", "--reporter=github", "--max-diagnostics=none"];
    execFile(biome, args, { cwd: folder }, (_, stdout) => resolve(stdout));
  });
  await rm(folder, { recursive: true });
  return ([path, line]) => {
    const number = (lines.get(path) ?? []).findIndex(([, written]) => written === line) + 1;
    return output
      .split("\n")
      .filter((report) => report.includes(`file=${join(folder, path)},`) && report.includes(`line=${number},`))
      .flatMap((report) => /title=lint\/\w+\/(\w+)/.exec(report)?.[1] ?? []);
  };
}

const refused: Row[] = [
  ["functions/visitor-counter/x.ts", 'export { seed } from "../health/health.ts";'],
  ["functions/visitor-counter/x.ts", 'export { deps } from "../deps.ts";'],
  ["functions/visitor-counter/x.ts", 'export { TableClient } from "@azure/data-tables";'],
  ["functions/visitor-counter/x.ts", 'export { jwtVerify } from "jose";'],
  ["functions/images/x.ts", 'export { metrics } from "@opentelemetry/api";'],
  ["functions/deps.ts", 'export { TelemetryClient } from "applicationinsights";'],
  ["functions/lib/http/x.ts", 'export { trace } from "@opentelemetry/api";'],
  ["functions/images/x.ts", 'export const sharp = await import("sharp");'],
  ["functions/images/x.ts", 'import { app } from "@azure/functions"; app.http;'],
  ["functions/lib/x.ts", 'export { routes } from "../routes.ts";'],
  ["functions/lib/x.ts", 'export { BlobClient } from "@azure/storage-blob";'],
  ["functions/lib/azure/x.ts", 'export { routes } from "../../routes.ts";'],
  ["functions/lib/azure/x.ts", 'export { jwtVerify } from "jose";'],
  ["functions/lib/access/x.ts", 'export { SecretClient } from "@azure/keyvault-secrets";'],
  ["functions/lib/access/x.ts", 'export { routes } from "../../routes.ts";'],
  ["functions/lib/http/x.ts", 'export { jwtVerify } from "jose";'],
  ["functions/lib/http/x.ts", 'export { routes } from "../../routes.ts";'],
  ["functions/lib/limits/x.ts", 'export { TableClient } from "@azure/data-tables";'],
  ["functions/lib/limits/x.ts", 'export { routes } from "../../routes.ts";'],
  ["functions/lib/sharp.ts", 'export { jwtVerify } from "jose";'],
  ["functions/deps.ts", 'export { TableClient } from "@azure/data-tables";'],
  ["functions/routes.ts", 'import { app } from "@azure/functions"; app.http;'],
  ["functions/routes.ts", 'import "./app.ts";'],
  ["functions/app.ts", 'export { startHost } from "../local/host/host.ts";'],
  ["functions/x.test.ts", 'import "./app.ts";'],
  ["infra/x.ts", 'export { createDeps } from "../functions/deps.ts";'],
  ["infra/constructs/x.ts", 'export { storageAccount } from "@cdktf/provider-azurerm";'],
  ["infra/main.ts", 'export { App } from "cdktf";'],
  ["infra/constructs/x.ts", 'export { startHost } from "../../local/host/host.ts";'],
  ["seed-entity/x.ts", 'export { routes } from "../functions/routes.ts";'],
  ["seed-entity/x.ts", 'export { startHost } from "../local/host/host.ts";'],
  ["verify/x.ts", 'export { routes } from "../functions/routes.ts";'],
  ["verify/checks/x.ts", 'export { routes } from "../../functions/routes.ts";'],
  ["local/x.ts", 'export { routes } from "../functions/routes.ts";'],
  ["local/host/x.ts", 'export { routes } from "../../functions/routes.ts";'],
  ["bench/x.ts", 'import "../functions/app.ts";'],
  ["functions/images/x.ts", "export const value = process.env.PAGES;"],
  ["functions/deps.ts", "export const value = process.env.PAGES;"],
  ["infra/x.ts", "export const value = process.env.PAGES;"],
  ["seed-entity/x.ts", "export const value = process.env.PAGES;"],
  ["verify/x.ts", "export const value = process.env.PAGES;"],
  ["local/x.ts", "export const value = process.env.PAGES;"],
];

const permitted: Row[] = [
  ["functions/visitor-counter/x.ts", 'export { AppError } from "../lib/errors.ts";'],
  ["functions/images/x.ts", 'export type { Timer } from "@azure/functions";'],
  ["functions/lib/azure/x.ts", 'export { TableClient } from "@azure/data-tables";'],
  ["functions/lib/azure/x.ts", 'export { metrics } from "@opentelemetry/api";'],
  ["functions/lib/access/x.ts", 'export { jwtVerify } from "jose";'],
  ["functions/lib/sharp.ts", 'export const sharp = await import("sharp");'],
  ["functions/app.ts", 'import { app } from "@azure/functions"; app.http;'],
  ["functions/lib/settings.ts", "export const value = process.env.PAGES;"],
  ["infra/x.ts", 'export { tables } from "../functions/lib/names.ts";'],
  ["infra/main.ts", "export const value = process.env.PAGES;"],
  ["infra/main.ts", 'export { App } from "cdktf/lib/app.js";'],
  ["infra/constructs/x.ts", 'export { KeyVault } from "@cdktf/provider-azurerm/lib/key-vault/index.js";'],
  ["seed-entity/x.ts", 'export { createDeps } from "../functions/deps.ts";'],
  ["local/start.ts", "export const value = process.env.PORT;"],
  ["verify/main.ts", "export const value = process.env.VERIFY_TOKEN;"],
  ["verify/checks/x.ts", 'export { shown } from "../answer-shape.ts";'],
  ["functions/images/x.test.ts", 'export { startFaultProxy } from "../../local/fault-proxy.ts";'],
  ["bench/x.ts", 'export { startHost } from "../local/host/host.ts";'],
];

let rulesBroken: (row: Row) => string[];
beforeAll(async () => {
  rulesBroken = await lint([...refused, ...permitted]);
});

describe("import fences", () => {
  it.each(refused)("refuse in %s: %s", (...row) => {
    expect(rulesBroken(row)).toContain(row[1].includes("process.env") ? "noProcessEnv" : "noRestrictedImports");
  });

  it.each(permitted)("permit in %s: %s", (...row) => {
    expect(rulesBroken(row)).not.toContain("noRestrictedImports");
    expect(rulesBroken(row)).not.toContain("noProcessEnv");
  });
});
