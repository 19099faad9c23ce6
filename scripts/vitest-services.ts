// Starts one set of local Azure services for all test processes. They inherit its environment and trusted certificate.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServices } from "../local/services.ts";

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Both projects of unit tests call this, and the first starts the services for both.
  if (process.env.TEST_SERVICES) return undefined;
  const dataDir = await mkdtemp(join(tmpdir(), "vitae-test-"));
  const services = await startServices({ dataDir, inMemory: true });
  // Tests send more requests than the limits allow. The tests of the limits turn them on again.
  Object.assign(process.env, services.env, { RATE_LIMITS: "off", TEST_SERVICES: "started" });
  return async () => {
    await services.close();
    await rm(dataDir, { recursive: true });
  };
}
