// Publishing a package: which failures pass, and which are final.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { publishPackage } from "./publish-package.ts";
import { createStage } from "./simulated-stage.fixture.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-publish-"));
});
afterEach(() => rm(folder, { recursive: true }));

const PACKAGE = { commit: "c".repeat(40), healthy: true };

async function publish(...faults: string[]) {
  const { context, state, faults: all } = createStage();
  state.stacks.add("platform");
  all.publishing = faults;
  const began = state.now;
  const file = join(folder, "vitae.zip");
  await writeFile(file, JSON.stringify(PACKAGE));
  const error = await publishPackage(context, ["--resource-group", "g", "--name", "app"], file).then(
    () => undefined,
    (thrown: Error) => thrown.message,
  );
  const uploads = state.commands.filter((line) => line.startsWith("POST")).length;
  const printed = [...state.lines, error].join("\n");
  expect(printed).not.toMatch(/s3cr3t|eyJ/);
  return { error, uploads, printed, isDeployed: state.deployed !== undefined, seconds: (state.now - began) / 1000 };
}

it.each([
  ["is forbidden", "returned 403"],
  ["conflicts", "returned 409: A deployment is in progress."],
  ["is unavailable", "returned 503: Site Unavailable"],
  ["is unreachable", "is unreachable: ENOTFOUND"],
  ["cannot store", "InaccessibleStorageException"],
  ["is cancelled", "Another deployment is in progress"],
])("publishPackage uploads again when the deployment API %s, and logs why", async (fault, reason) => {
  const { error, uploads, printed, isDeployed } = await publish(fault, fault);
  expect({ error, uploads, isDeployed }).toEqual({ error: undefined, uploads: 3, isDeployed: true });
  expect(printed).toContain(reason);
});

it.each([
  ["rejects the upload", "Azure rejected the package. The deployment API returned 400: The zip has no host.json."],
  ["rejects the package", "Azure rejected the package: InvalidPackageContentException"],
  ["hangs", "did not take the package within 4 minutes"],
  ["deploys for ever", "neither accepted nor rejected the package within 5 minutes"],
])("publishPackage fails after one upload when the deployment API %s", async (fault, reason) => {
  const { error, uploads } = await publish(fault);
  expect(error).toContain(reason);
  expect(uploads).toBe(1);
});

it.each([["accepts partly"], ["forgets"]])(
  "publishPackage leaves it to the health of the app when the deployment API %s",
  async (fault) => {
    expect(await publish(fault)).toMatchObject({ error: undefined, uploads: 1, isDeployed: true });
  },
);

it("publishPackage gives up after ten minutes with the last reason", async () => {
  const { error, seconds } = await publish(...Array<string>(100).fill("cannot store"));
  expect(error).toContain("Azure could not store the package: InaccessibleStorageException");
  expect(seconds).toBeGreaterThan(540);
  expect(seconds).toBeLessThanOrEqual(610);
});
