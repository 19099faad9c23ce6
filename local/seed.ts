// Runs seed-entity against the local services, with an owner password if the vault has none yet.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { secrets } from "../functions/lib/names.ts";
import { readSecret } from "./vault.ts";

export type SeedOptions = {
  root: string;
  /** The file of the local vault. */
  vault: string;
  env: Record<string, string>;
  ownerPassword: string | undefined;
  signal: AbortSignal;
  log: (line: string) => void;
};

/** @throws {Error} if seed-entity fails; it prints the reason itself */
export async function seed({ root, vault, env, ownerPassword, signal, log }: SeedOptions): Promise<void> {
  const stored = readSecret(vault, secrets.ownerPassword);
  const password = stored ?? ownerPassword ?? randomBytes(15).toString("base64url");
  const child = spawn(process.execPath, [join(root, "seed-entity", "main.ts")], {
    cwd: root,
    env: { ...env, ...(stored === undefined ? { OWNER_PASSWORD: password } : {}) },
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  createInterface({ input: child.stdout }).on("line", log);
  // Not "exit": the last lines of output may arrive after it.
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error("seed-entity failed: see the line above.");

  if (stored === undefined && ownerPassword === undefined)
    log(`Owner password, generated now and shown only once (LOCAL_OWNER_PASSWORD sets it): ${password}`);
  if (stored !== undefined && ownerPassword !== undefined && ownerPassword !== stored)
    log(
      "LOCAL_OWNER_PASSWORD is ignored: the vault already has an owner password. To set it, use a new LOCAL_DATA_DIR.",
    );
}
