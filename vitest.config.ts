// Two projects: unit tests next to their sources, and end-to-end tests over HTTP against the unpacked package.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    pool: "forks",
    // By default vitest leaves one core idle, which on a machine with two is half of it.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{functions,infra,local,seed-entity,scripts,site,verify}/**/*.test.ts"],
          exclude: ["**/*.e2e.test.ts"],
          globalSetup: "scripts/vitest-services.ts",
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["verify/**/*.e2e.test.ts"],
          globalSetup: "scripts/vitest-package.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
