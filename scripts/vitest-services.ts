// Starts one local Azure for all test processes: they inherit its environment, the trusted certificate included.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServices } from "../local/services.ts";

export default async function setup(): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "vitae-test-"));
  const services = await startServices({ dataDir });
  // Tests call far more often than a person; those of the limits make their own.
  Object.assign(process.env, services.env, { RATE_LIMITS: "off" });
  return async () => {
    await services.close();
    await rm(dataDir, { recursive: true });
  };
}
