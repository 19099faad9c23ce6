// npm run token against a vault file, and its token against the verifier of the app.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verifierOf } from "../functions/lib/access/keys.fixture.ts";
import { generateSigningKey, parseSigningKeys } from "../functions/lib/access/signing-keys.ts";
import { secrets } from "../functions/lib/names.ts";
import { vaultFile } from "./data-dir.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vitae-token-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

type Outcome = { code: unknown; out: string; error: string };

function token(settings: Record<string, string>, ...flags: string[]): Promise<Outcome> {
  const env = {
    ...process.env,
    ...settings,
    LOCAL_DATA_DIR: dir,
    TOKEN_ISSUER: "test-issuer",
    TOKEN_AUDIENCE: "test-audience",
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, "token.ts"), ...flags], { env }, (failed, out, error) =>
      resolve({ code: failed?.code ?? 0, out, error }),
    );
  });
}

test("prints a token for the requested role and subject, signed with the key that signs now", async () => {
  const now = Math.floor(Date.now() / 1000);
  const versionOf = async (version: string, created: number, enabled: boolean) => {
    const value = await generateSigningKey();
    return { version, value, attributes: { enabled, created, updated: created } };
  };
  const signing = await versionOf("a", now - 3600, true);
  const versions = [signing, await versionOf("b", now - 60, true), await versionOf("c", now - 1200, false)];
  writeFileSync(vaultFile(dir), JSON.stringify({ [secrets.signingKeys]: { versions } }));
  const { out } = await token({}, "--role", "editor", "--subject", "ada", "--expires-in", "60");
  const verify = verifierOf(parseSigningKeys(signing.value)[0], { issuer: "test-issuer", audience: "test-audience" });
  expect(await verify(`Bearer ${out.trim()}`)).toMatchObject({ subject: "ada", role: "editor" });
});

test("warns that npm prints lines of its own unless it is silent", async () => {
  const npm = { npm_lifecycle_event: "token", npm_config_loglevel: "" };
  expect((await token(npm, "--role", "owner")).error).toMatch(/^npm printed lines .* use: npm run -s token\n/);
  const silent = { ...npm, npm_config_loglevel: "silent" };
  expect((await token(silent, "--role", "owner")).error).not.toContain("npm printed");
});

test("rejects an unknown role, a wrong lifetime and a vault without a signing key in one line each", async () => {
  const failures = await Promise.all([
    token({}, "--role", "king"),
    token({}, "--role", "owner", "--expires-in", "1h"),
    token({}, "--role", "owner"),
  ]);
  expect(failures.map(({ code, out }) => [code, out])).toEqual([
    [1, ""],
    [1, ""],
    [1, ""],
  ]);
  expect(failures.map(({ error }) => error)).toEqual([
    expect.stringMatching(/^--role must be one of owner, editor, viewer, received king\..*\n$/),
    expect.stringMatching(/^--expires-in must be 1 to 604800 seconds, received 1h\..*\n$/),
    expect.stringMatching(/^There is no signing key in .*vault\.json yet\. Create one: npm start\n$/),
  ]);
});

test("takes --stage to the vault of that stage, and no local user", async () => {
  // No az is on this PATH, so the first call of it is the failure.
  const [stage, subject] = await Promise.all([
    token({ PATH: dir }, "--stage", "production"),
    token({ PATH: dir }, "--stage", "production", "--subject", "ada"),
  ]);
  expect(stage).toMatchObject({ code: 1, out: "" });
  expect(stage.error).toBe("az could not be started: install it and add it to the PATH.\n");
  expect(subject.error).toBe("--subject is for the local environment: --stage is for its owner.\n");
});
