// Each rule of import rejects what it is for, and permits what the code needs.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { cyclesOf, rules, violationsOf } from "./import-rules.ts";

const root = join(import.meta.dirname, "..");

type Row = [path: string, line: string];

const rejected: Row[] = [
  ["functions/visitor-counter/x.ts", 'export { seed } from "../health/health.ts";'],
  ["functions/visitor-counter/x.ts", 'import type { Deps } from "../deps.ts";'],
  ["functions/visitor-counter/x.ts", 'export { TableClient } from "@azure/data-tables";'],
  ["functions/visitor-counter/x.ts", 'export { jwtVerify } from "jose";'],
  ["functions/images/x.ts", 'export { metrics } from "@opentelemetry/api";'],
  ["functions/images/x.ts", 'export const sharp = await import("sharp");'],
  ["functions/images/x.ts", 'import { app } from "@azure/functions";'],
  ["functions/images/x.ts", 'import { type InvocationContext, app } from "@azure/functions";'],
  ["functions/deps.ts", 'export { TelemetryClient } from "applicationinsights";'],
  ["functions/deps.ts", 'export { TableClient } from "@azure/data-tables";'],
  ["functions/routes.ts", 'import { app } from "@azure/functions";'],
  ["functions/routes.ts", 'import "./app.ts";'],
  ["functions/app.ts", 'export { startHost } from "../local/host/host.ts";'],
  ["functions/x.test.ts", 'import "./app.ts";'],
  ["functions/lib/x.ts", 'export { routes } from "../routes.ts";'],
  ["functions/lib/x.ts", 'import {\n  BlobClient,\n} from "@azure/storage-blob";'],
  ["functions/lib/azure/x.ts", 'export { routes } from "../../routes.ts";'],
  ["functions/lib/azure/x.ts", 'export { jwtVerify } from "jose";'],
  ["functions/lib/access/x.ts", 'export { SecretClient } from "@azure/keyvault-secrets";'],
  ["functions/lib/http/x.ts", 'export { trace } from "@opentelemetry/api";'],
  ["functions/lib/sharp.ts", 'export { jwtVerify } from "jose";'],
  ["infra/x.ts", 'export { createDeps } from "../functions/deps.ts";'],
  ["infra/x.ts", 'export { readSettings } from "../functions/lib/settings.ts";'],
  ["infra/constructs/x.ts", 'export { startHost } from "../../local/host/host.ts";'],
  ["infra/constructs/x.ts", 'export { storageAccount } from "@cdktf/provider-azurerm";'],
  ["infra/main.ts", 'export { App } from "cdktf";'],
  ["seed-entity/x.ts", 'export { routes } from "../functions/routes.ts";'],
  ["seed-entity/x.ts", 'export { startHost } from "../local/host/host.ts";'],
  ["verify/x.ts", 'export { routes } from "../functions/routes.ts";'],
  ["verify/checks/x.ts", 'export { BlobClient } from "@azure/storage-blob";'],
  ["local/x.ts", 'export { readSettings } from "../functions/lib/settings.ts";'],
  ["local/start.ts", 'export { routes } from "../functions/routes.ts";'],
  ["local/host/worker.ts", 'export { tables } from "../../functions/lib/names.ts";'],
  ["bench/x.ts", 'import "../functions/app.ts";'],
  ["site/build-site.ts", 'import { tables } from "../functions/lib/names.ts";'],
  ["console/x.ts", 'export { AppError } from "../functions/lib/errors.ts";'],
  ["console/x.ts", 'export { z } from "zod";'],
  ["console/views/x.tsx", 'import { jwtVerify } from "jose";'],
  ["console/x.ts", 'export { readFile } from "node:fs/promises";'],
  ["scripts/deploy/deployment/x.ts", 'export { deployFromLaptop } from "../laptop/deploy-from-laptop.ts";'],
  ["scripts/deploy/x.ts", 'export { sweepPreviews } from "./pipeline/sweep-previews.ts";'],
  ["scripts/deploy/laptop/x.ts", 'export { sweepPreviews } from "../pipeline/sweep-previews.ts";'],
];

const permitted: Row[] = [
  ["scripts/deploy/laptop/x.ts", 'export { deploy } from "../deployment/order.ts";'],
  ["scripts/deploy/laptop/x.ts", 'export { readPerson } from "./person.ts";'],
  ["functions/visitor-counter/x.ts", 'export { AppError } from "../lib/errors.ts";'],
  ["functions/images/x.ts", 'export { store } from "./store.ts";'],
  ["functions/images/x.ts", 'import type { Timer } from "@azure/functions";'],
  ["functions/images/x.ts", 'import { type Timer, type HttpRequest } from "@azure/functions";'],
  ["functions/images/x.test.ts", 'export { startFaultProxy } from "../../local/fault-proxy.fixture.ts";'],
  ["functions/lib/azure/x.ts", 'export { TableClient } from "@azure/data-tables";'],
  ["functions/lib/azure/x.ts", 'export { metrics } from "@opentelemetry/api";'],
  ["functions/lib/access/x.ts", 'export { jwtVerify } from "jose";'],
  ["functions/lib/sharp.ts", 'export const sharp = await import("sharp");'],
  ["functions/app.ts", 'import { app } from "@azure/functions";'],
  ["infra/x.ts", 'export { tables } from "../functions/lib/names.ts";'],
  ["console/x.ts", 'export { createSession } from "./session.ts";'],
  ["console/x.ts", 'import type { z } from "zod";'],
  ["console/x.ts", 'import type { readMe, updateMe } from "../functions/accounts/me.ts";'],
  ["console/views/x.tsx", 'import { useState } from "preact/hooks";'],
  ["infra/main.ts", 'export { App } from "cdktf/lib/app.js";'],
  ["infra/constructs/x.ts", 'export { KeyVault } from "@cdktf/provider-azurerm/lib/key-vault/index.js";'],
  ["seed-entity/x.ts", 'export { createDeps } from "../functions/deps.ts";'],
  ["local/token.ts", 'export { permissions } from "../functions/lib/access/permissions.ts";'],
  ["verify/checks/x.ts", 'export { describeResponse } from "../response-shape.ts";'],
  ["bench/x.ts", 'export { startHost } from "../local/host/host.ts";'],
];

describe("import rules", () => {
  it.each(rejected)("reject in %s: %s", (...row) => {
    expect(violationsOf(...row)).toHaveLength(1);
  });

  it.each(permitted)("permit in %s: %s", (...row) => {
    expect(violationsOf(...row)).toEqual([]);
  });

  it.each(rules)("have an example that this rule rejects: $reason", ({ reason }) => {
    expect(rejected.flatMap((row) => violationsOf(...row)).some((line) => line.includes(reason))).toBe(true);
  });

  it("report an import cycle, also one of types", () => {
    const files = new Map([
      ["a.ts", 'import { b } from "./b.ts";'],
      ["b.ts", 'import type { C } from "./c.ts";'],
      ["c.ts", 'export { a } from "./a.ts";'],
      ["d.ts", 'export { a } from "./a.ts";'],
    ]);
    expect(cyclesOf(files)).toEqual(["a.ts -> b.ts -> c.ts -> a.ts"]);
  });
});

describe("the lint configuration", () => {
  const withoutEnvironment = [
    "functions/images/x.ts",
    "functions/deps.ts",
    "infra/x.ts",
    "seed-entity/x.ts",
    "verify/x.ts",
  ];
  const withEnvironment = [
    "functions/lib/settings.ts",
    "infra/main.ts",
    "local/start.ts",
    "verify/main.ts",
    "scripts/x.ts",
  ];

  it("permits process.env in the files that read the environment, and nowhere else", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vitae-lint-"));
    const configuration = JSON.parse(await readFile(join(root, "biome.json"), "utf8"));
    await writeFile(join(folder, "biome.json"), JSON.stringify({ ...configuration, vcs: { enabled: false } }));
    for (const path of [...withoutEnvironment, ...withEnvironment]) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), "export const value = process.env.PAGES;\n");
    }
    const report = await new Promise<string>((resolve) => {
      const biome = join(root, "node_modules", ".bin", "biome");
      execFile(biome, ["lint", "--reporter=github"], { cwd: folder }, (_, stdout) => resolve(stdout));
    });
    await rm(folder, { recursive: true });
    const reported = [...report.matchAll(/noProcessEnv,file=([^,]+),/g)].map(([, file = ""]) => relative(folder, file));
    expect(reported.toSorted()).toEqual(withoutEnvironment.toSorted());
  });
});
