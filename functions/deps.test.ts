// The lifetime of dependencies.
import { describe, expect, it, vi } from "vitest";
import { createDeps } from "./deps.ts";
import { audience, oid, startEntraIssuer, tenantId } from "./lib/access/entra-issuer.fixture.ts";
import { readSettings } from "./lib/settings.ts";

it("createDeps creates each dependency once, on first read", () => {
  const deps = createDeps(readSettings());
  const isCreated = () => Object.getOwnPropertyDescriptor(deps, "vault")?.get === undefined;
  expect(isCreated()).toBe(false);
  expect(deps.vault).toBe(deps.vault);
  expect(isCreated()).toBe(true);
  expect(deps.originals).toBe(deps.originals);
});

it("accepts tokens of Entra ID of exactly the tenant and the audience of the settings", async () => {
  const entra = await startEntraIssuer();
  const read: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
    read.push(String(url));
    return Response.json({ keys: entra.state.published });
  });
  try {
    const { authenticate } = createDeps(
      readSettings({ ...process.env, ENTRA_TENANT_ID: tenantId, ENTRA_AUDIENCE: audience }),
    );
    expect(await authenticate(`Bearer ${await entra.issue()}`)).toEqual({ subject: `entra.${oid}`, role: "editor" });
    for (const claims of [{ aud: tenantId }, { tid: audience }])
      await expect(authenticate(`Bearer ${await entra.issue({ claims })}`)).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
      });
    expect(read).toEqual([`https://login.microsoftonline.com/${tenantId}/discovery/v2.0/keys`]);
  } finally {
    vi.restoreAllMocks();
    await entra.close();
  }
});

describe("close", () => {
  function openDeps(closeVisits: () => Promise<void>) {
    const deps = createDeps(readSettings());
    const flush = vi.fn(async () => {});
    Object.defineProperty(deps, "visits", { value: { close: closeVisits } });
    Object.defineProperty(deps, "telemetry", { value: { flush } });
    return { deps, flush };
  }

  it("sends the telemetry while the visits are written, and again what that measured", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { deps, flush } = openDeps(() => promise);
    const closed = deps.close();
    expect(flush).toHaveBeenCalledTimes(1);
    resolve();
    await closed;
    expect(flush).toHaveBeenCalledTimes(2);
  });

  it("sends the telemetry when the visits cannot be written", async () => {
    const { deps, flush } = openDeps(() => Promise.reject(new Error("down")));
    await deps.close();
    expect(flush).toHaveBeenCalledTimes(2);
  });

  it("ends although a store never responds", async () => {
    const { deps } = openDeps(() => new Promise(() => {}));
    await expect(deps.close()).resolves.toBeUndefined();
  });
});
