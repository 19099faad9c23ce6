// Projects: unit tests next to their sources, and end-to-end tests over HTTP against the unpacked package.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const unit = "{console,functions,infra,local,seed-entity,scripts,site,verify}/**/*.test.ts";
/**
 * Unit tests that need a new process: a mock of a module has no effect on modules that are loaded already, and the
 * library of Azure Functions keeps its server and functions for the life of the process.
 */
const isolated = globSync(unit, { cwd: import.meta.dirname }).filter((file) =>
  /\bvi\.mock\(|\/library-server\.fixture\.ts"/.test(readFileSync(join(import.meta.dirname, file), "utf8")),
);

export default defineConfig({
  test: {
    pool: "forks",
    // By default vitest leaves one core idle, which on a machine with two is half of it.
    maxWorkers: "100%",
    // No file: in a copy of this repository too, the tests are about what it ships with, and not about its choices.
    env: { VITAE_CHOICES: join(import.meta.dirname, "infra", "no-choices.json") },
    // The default is a second, which a busy machine exceeds.
    expect: { poll: { timeout: 30_000 } },
    // Only a test that hangs should reach these.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [unit],
          exclude: ["**/*.e2e.test.ts", ...isolated],
          // A process runs many files, because loading the SDKs for each took a quarter of the CPU time. So a test restores
          // what it changes in its process, and a fixture registers hooks only when it is called.
          isolate: false,
          globalSetup: "scripts/vitest-services.ts",
        },
      },
      {
        extends: true,
        test: {
          name: "unit-isolated",
          include: isolated,
          globalSetup: "scripts/vitest-services.ts",
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["verify/**/*.e2e.test.ts"],
          // Its backends also share one Azurite for each process.
          isolate: false,
          globalSetup: "scripts/vitest-package.ts",
        },
      },
    ],
  },
});
