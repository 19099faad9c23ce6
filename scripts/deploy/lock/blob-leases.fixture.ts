// Simulates blobs with leases behind az, by the clock of the test: https://learn.microsoft.com/rest/api/storageservices/lease-blob
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AzureError, parseAz } from "../azure-cli.fixture.ts";
import { createAz, type Run } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";

type Blob = {
  lease?: { id: string; expiresAt: number; seconds: number } | undefined;
  metadata: Record<string, string>;
};

const fail = (code: string): never => {
  throw new AzureError(`The request failed.\nErrorCode:${code}`);
};

export type BlobLeases = ReturnType<typeof createBlobLeases>;

/** @param now milliseconds */
export function createBlobLeases(now: () => number) {
  const blobs = new Map<string, Blob>();
  /** Renewals of each lease, by its id. */
  const renewals = new Map<string, number>();
  const activeLease = ({ lease }: Blob) => (lease && lease.expiresAt > now() ? lease : undefined);

  /** A write of a leased blob needs the id; one of an expired lease ends it for good. */
  function write(blob: Blob, id: string | undefined): void {
    const active = activeLease(blob);
    if (active && id === undefined) fail("LeaseIdMissing");
    if (active && active.id !== id) fail("LeaseIdMismatchWithBlobOperation");
    if (!active) blob.lease = undefined;
  }

  function az(args: readonly string[]): unknown {
    const { command, flags } = parseAz(args);
    if (command === "login") return undefined;
    if (flags["auth-mode"] !== "login") fail("KeyBasedAuthenticationNotPermitted");
    const folder = `${flags["account-name"]}/${flags["container-name"]}/`;
    if (command === "storage blob list")
      return [...blobs.keys()]
        .filter((path) => path.startsWith(`${folder}${flags.prefix ?? ""}`))
        .map((path) => ({ name: path.slice(folder.length) }));
    const name = flags["blob-name"] ?? flags.name ?? "";
    if (command.startsWith("storage blob lease") === (flags["blob-name"] === undefined))
      throw new AzureError("the following arguments are required: --blob-name or --name");
    const path = `${folder}${name}`;
    const found = () => blobs.get(path) ?? fail("BlobNotFound");
    const id = flags["lease-id"];
    switch (command) {
      case "storage blob upload": {
        if (!flags.data && !flags.file) throw new AzureError("usage error: --file or --data is required");
        if (blobs.has(path) && flags.overwrite !== "true") fail("BlobAlreadyExists");
        const blob = blobs.get(path);
        if (blob) write(blob, id);
        blobs.set(path, { ...blob, metadata: {} });
        return {};
      }
      case "storage blob delete":
        write(found(), id);
        blobs.delete(path);
        return undefined;
      case "storage blob metadata update": {
        const blob = found();
        write(blob, id);
        // parseAz joins the values of a flag, and az splits each one at its first "=".
        const pairs = args.slice(args.indexOf("--metadata") + 1);
        const end = pairs.findIndex((arg) => arg.startsWith("--"));
        blob.metadata = Object.fromEntries(
          (end < 0 ? pairs : pairs.slice(0, end)).map((pair) => {
            const at = pair.indexOf("=");
            if (at < 1 || /[^ -~]/.test(pair)) fail("InvalidMetadata");
            return [pair.slice(0, at), pair.slice(at + 1)];
          }),
        );
        return {};
      }
      case "storage blob metadata show":
        return found().metadata;
      case "storage blob lease acquire": {
        const blob = found();
        const active = activeLease(blob);
        const proposed = flags["proposed-lease-id"] ?? fail("InvalidHeaderValue");
        if (active && active.id !== proposed) fail("LeaseAlreadyPresent");
        const seconds = Number(flags["lease-duration"]);
        if (!(seconds >= 15 && seconds <= 60)) fail("InvalidHeaderValue");
        blob.lease = { id: proposed, seconds, expiresAt: now() + seconds * 1000 };
        return proposed;
      }
      case "storage blob lease renew": {
        const { lease } = found();
        if (!lease) return fail("LeaseNotPresentWithLeaseOperation");
        if (lease.id !== id) return fail("LeaseIdMismatchWithLeaseOperation");
        lease.expiresAt = now() + lease.seconds * 1000;
        renewals.set(lease.id, (renewals.get(lease.id) ?? 0) + 1);
        return id;
      }
      case "storage blob lease release": {
        const blob = found();
        if (!blob.lease) return fail("LeaseNotPresentWithLeaseOperation");
        if (blob.lease.id !== id) return fail("LeaseIdMismatchWithLeaseOperation");
        blob.lease = undefined;
        return {};
      }
      default:
        throw new AzureError(`az ${command} is not simulated.`);
    }
  }

  return { blobs, renewals, az };
}

/** A context that reaches the leases alone, with the timers of the test. */
export function leaseContext(leases: BlobLeases) {
  const faults = {
    /** Calls that contain this fail without effect. */
    failing: undefined as { text: string; message: string } | undefined,
    /** Calls that contain this never end by themselves. */
    hanging: undefined as string | undefined,
  };
  const lines: string[] = [];
  const commands: string[] = [];
  const wait = (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = setTimeout(resolve, milliseconds);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  const run: Run = async (command, args, { timeoutMs, signal, env } = {}) => {
    signal?.throwIfAborted();
    const line = [command, ...args].join(" ");
    commands.push(line);
    const isHanging = faults.hanging !== undefined && line.includes(faults.hanging);
    try {
      if (isHanging) await wait(timeoutMs ?? Number.POSITIVE_INFINITY, signal);
      if (isHanging || (faults.failing && line.includes(faults.failing.text)))
        throw new AzureError(isHanging ? "Ended, as it had not finished." : faults.failing?.message);
      if (args[0] === "login") writeFileSync(join(env?.AZURE_CONFIG_DIR ?? "", "service_principal_entries.json"), "[]");
      const result = leases.az(args.slice(0, args.indexOf("--output")));
      return { code: 0, stdout: JSON.stringify(result) ?? "", stderr: "" };
    } catch (error) {
      return { code: 1, stdout: "", stderr: (error as Error).message };
    }
  };
  const context: DeployContext = {
    run,
    az: createAz(run),
    fetch,
    clock: { now: Date.now, sleep: wait },
    log: (line) => lines.push(line),
  };
  return { context, faults, lines, commands };
}
