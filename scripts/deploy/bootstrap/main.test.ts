// npm run bootstrap as a process, without az, gh and git on the PATH.
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../command.ts";

const MAIN = join(import.meta.dirname, "main.ts");

/** Standard input is no terminal, and the choices would be written to a folder that is removed. */
async function command(...args: string[]) {
  const folder = await mkdtemp(join(tmpdir(), "vitae-choices-"));
  try {
    const env = { PATH: "", VITAE_CHOICES: join(folder, "choices.json") };
    const result = await run(process.execPath, [MAIN, ...args], { env });
    return { ...result, files: await readdir(folder) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
const flags = ["--repository", "ada/vitae", "--origin", "website", "--owner-email", "ada@ada.dev"];

it("bootstrap as a process lists what a dry run would create, and writes nothing", async () => {
  const { code, stdout, stderr, files } = await command(...flags, "--dry-run");
  expect({ code, stderr, files }).toEqual({ code: 0, stderr: "", files: [] });
  expect(stdout).toContain("Not checked in this dry run: az is not installed");
  expect(stdout).toContain("storage account vitaestate…: would be created");
});

it.each([
  [["--origin", "website"], "Missing: --repository, --owner-email, --confirm."],
  [[...flags, "--confirm"], "- gh is not installed: https://cli.github.com"],
  [["--operator", "me"], "- az is not installed: https://aka.ms/azure-cli"],
])("bootstrap as a process with %j exits with 1 and one message", async (args, message) => {
  const { code, stdout, stderr, files } = await command(...args);
  expect({ code, stdout, files }).toEqual({ code: 1, stdout: "", files: [] });
  expect(stderr).toContain("bootstrap: ");
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/at .*\.ts/);
});

it("bootstrap as a process ends az at Ctrl-C, and says how to continue", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitae-path-"));
  try {
    // Its parent is bootstrap, which would wait for ten minutes.
    await writeFile(join(folder, "az"), "#!/bin/sh\nkill -INT $PPID\nexec /bin/sleep 600\n");
    await chmod(join(folder, "az"), 0o755);
    const env = { PATH: folder, VITAE_CHOICES: join(folder, "choices.json") };
    const { code, stderr } = await run(process.execPath, [MAIN, ...flags, "--confirm"], { env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "\nbootstrap: stopped. What exists by now stays: npm run bootstrap continues from there.\n",
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
