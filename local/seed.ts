// Runs seed-entity on the local services, with an owner password if the vault has none yet.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { secrets } from "../functions/lib/names.ts";
import { readSecret } from "./vault.ts";

export type Seeding = {
  root: string;
  /** The file of the local vault. */
  vault: string;
  env: Record<string, string>;
  ownerPassword: string | undefined;
  /** Ends the seeding. */
  signal: AbortSignal;
  log: (line: string) => void;
};

/** Throws if seed-entity fails, after it has said why itself. */
export async function seed({ root, vault, env, ownerPassword, signal, log }: Seeding): Promise<void> {
  const kept = readSecret(vault, secrets.ownerPassword);
  const password = kept ?? ownerPassword ?? randomBytes(15).toString("base64url");
  const child = spawn(process.execPath, [join(root, "seed-entity", "main.ts")], {
    cwd: root,
    env: { ...env, ...(kept === undefined ? { OWNER_PASSWORD: password } : {}) },
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  createInterface({ input: child.stdout }).on("line", log);
  // Not "exit": by then its last lines may still be on their way.
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error("The data could not be seeded: see the line above.");

  if (kept === undefined && ownerPassword === undefined) {
    log(`Owner password, made now and shown this once (to choose it, set LOCAL_OWNER_PASSWORD): ${password}`);
  } else if (kept !== undefined && ownerPassword !== undefined && ownerPassword !== kept) {
    log(
      "LOCAL_OWNER_PASSWORD is ignored: the vault already has an owner password. A new LOCAL_DATA_DIR begins afresh.",
    );
  }
}
