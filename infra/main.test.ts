// npm run synth as a process: the files that it writes, the next commands, and its errors.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { target } from "./synthesized.fixture.ts";

const root = join(import.meta.dirname, "..");
const folders: string[] = [];
afterAll(() => folders.map((folder) => rmSync(folder, { recursive: true, force: true })));

const given = {
  ARM_SUBSCRIPTION_ID: target.subscriptionId,
  ARM_TENANT_ID: target.tenantId,
  DEPLOYER_OBJECT_ID: target.deployerObjectId,
  STATE_ACCOUNT: target.stateAccount,
};

function synth(args: readonly string[], environment: Record<string, string> = given, folder?: string) {
  const out = folder ?? mkdtempSync(join(tmpdir(), "vitae-synth-"));
  folders.push(out);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "main.ts"), "--out", out, ...args],
    {
      cwd: root,
      encoding: "utf8",
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...environment },
    },
  );
  return { status, stdout, stderr, out };
}

describe("npm run synth", () => {
  it("synth writes both stacks as reproducible JSON, prefers flags over the environment, and prints the next commands", () => {
    const first = synth(["--stage", "preview-7"]);
    const second = synth(["--stage", "preview-7", "--state-account", target.stateAccount], {
      ...given,
      STATE_ACCOUNT: "another",
    });
    expect([first.stderr, first.status]).toEqual(["", 0]);
    expect(readdirSync(join(first.out, "stacks")).sort()).toEqual(["events", "platform"]);
    for (const stack of ["platform", "events"]) {
      const file = join("stacks", stack, "cdk.tf.json");
      const text = readFileSync(join(first.out, file), "utf8");
      expect(text).toBe(readFileSync(join(second.out, file), "utf8"));
      expect(text).not.toContain(root);
      expect(JSON.parse(text).provider.azurerm[0].subscription_id).toBe(target.subscriptionId);
      expect(first.stdout).toMatch(
        new RegExp(`terraform -chdir=\\S+/stacks/${stack} init && terraform -chdir=\\S+ plan`),
      );
    }
  });

  it("synth reports every missing and invalid value with flag and variable, and creates no folder", () => {
    const folder = join(mkdtempSync(join(tmpdir(), "vitae-synth-")), "out");
    folders.push(join(folder, ".."));
    const { status, stderr } = synth(
      ["--stage", "production"],
      { ARM_TENANT_ID: "contoso", STATE_ACCOUNT: "Vitae" },
      folder,
    );
    expect(status).toBe(1);
    expect(stderr).toContain("--subscription (or ARM_SUBSCRIPTION_ID) is missing");
    expect(stderr).toContain("--deployer (or DEPLOYER_OBJECT_ID) is missing");
    expect(stderr).toContain('--tenant (or ARM_TENANT_ID) must be a GUID; received "contoso"');
    expect(stderr).toMatch(/--state-account \(or STATE_ACCOUNT\) must be a storage account.*; received "Vitae"/);
    expect(existsSync(folder)).toBe(false);
  });

  it.each([
    [[], "received nothing"],
    [["--stage", "staging"], 'received "staging"'],
  ])("synth rejects the stage of %j", (args, received) => {
    const { status, stderr } = synth(args);
    expect([status, stderr]).toEqual([
      1,
      `synth: --stage must be production or preview-N, where N is the number of a pull request; ${received}.\n`,
    ]);
  });

  it("synth rejects an unknown flag", () => {
    const { status, stderr } = synth(["--stage", "production", "--region", "here"]);
    expect(status).toBe(1);
    expect(stderr).toContain("--region");
  });
});
