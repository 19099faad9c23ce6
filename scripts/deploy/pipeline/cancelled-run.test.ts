// A workflow that is cancelled while Terraform runs, with the processes that it would have.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { setInterval as every } from "node:timers/promises";
import { expect, it } from "vitest";
import { emptySubscription } from "../azure-cli.fixture.ts";
import { installStandIn } from "../stand-in.fixture.ts";

const DEPLOY = join(import.meta.dirname, "deploy.ts");

it("deploy passes SIGINT on to Terraform, which releases the lock of the state, and fails", async () => {
  await using terraform = await installStandIn("terraform", "terraform.ts");
  await using az = await installStandIn("az", "az.ts");
  const state = join(az.folder, "azure.json");
  await writeFile(state, JSON.stringify(emptySubscription()));
  const lock = join(az.folder, "state.lock");
  const temporary = join(az.folder, "temporary");
  await mkdir(temporary);
  const child = spawn(process.execPath, [DEPLOY, "--stage", "production", "--package", "none.zip", "--dry-run=true"], {
    env: {
      PATH: `${terraform.folder}:${az.PATH}`,
      TMPDIR: temporary,
      ...{ AZURE_STATE: state, TERRAFORM_HANGS: "plan", TERRAFORM_LOCK: lock },
      ARM_SUBSCRIPTION_ID: "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11",
      ARM_TENANT_ID: "0b6a1f8e-5f53-4f5e-8a44-2a6f8f0f7c55",
      AZURE_CLIENT_ID: "99999999-8888-4777-8666-555555555555",
      DEPLOYER_OBJECT_ID: "11111111-2222-4333-8444-555555555555",
      STATE_ACCOUNT: "vitaestate1",
      GITHUB_SHA: "c".repeat(40),
      GITHUB_RUN_ID: "1",
    },
  });
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  for await (const _ of every(20)) if (existsSync(lock) || child.exitCode !== null) break;
  child.kill("SIGINT");
  expect(await ended).toEqual({ code: 1, signal: null });
  expect(existsSync(lock)).toBe(false);
  const left = (await readdir(temporary, { recursive: true })).map((path) => basename(path));
  expect(left).toContain("cdk.tf.json");
  expect(left.filter((name) => ["plugins", "plan.bin"].includes(name))).toEqual([]);
  expect(await stderr).toContain("deploy: Interrupted by SIGINT.");
  expect(await stdout).toContain("::error::deploy: Interrupted by SIGINT.");
}, 240_000);
