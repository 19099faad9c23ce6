// What the app does while the keys of Entra ID rotate, fail or are hostile. The endpoint is a real server.
import { generateKeyPairSync } from "node:crypto";
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { AppError } from "../errors.ts";
import { createStoreClock } from "../store-clock.ts";
import { audience, startEntraIssuer, tenantId } from "./entra-issuer.fixture.ts";
import { createEntraVerifier } from "./entra-token.ts";

let entra: Awaited<ReturnType<typeof startEntraIssuer>>;
let verify: ReturnType<typeof createEntraVerifier>;

beforeAll(async () => {
  entra = await startEntraIssuer();
});
beforeEach(() => {
  Object.assign(entra.state, { published: [entra.key.jwk], respond: undefined });
  verify = createEntraVerifier({ tenantId, audience, clock: createStoreClock(), jwksUrl: entra.jwksUrl });
});
afterEach(() => void vi.useRealTimers());
afterAll(() => entra.close());

const invalidToken = {
  code: "UNAUTHENTICATED",
  headers: { "WWW-Authenticate": 'Bearer realm="vitae", error="invalid_token"' },
};
const rejection = (token: string) =>
  verify(token).then(
    ({ subject }) => expect.fail(`accepted for ${subject}`),
    (error: unknown) => error as AppError,
  );

describe("keys of Entra ID", () => {
  it("are read once for concurrent tokens, and again for a rotated key at most every 30 seconds", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const before = entra.calls();
    const tokens = await Promise.all([entra.issue(), entra.issue(), entra.issue()]);
    await Promise.all(tokens.map(verify));
    expect(entra.calls() - before).toBe(1);

    const rotated = await entra.createKey("entra-2");
    entra.state.published = [rotated.jwk];
    const token = await entra.issue({ by: rotated });
    for (let attempt = 0; attempt < 20; attempt += 1) expect(await rejection(token)).toMatchObject(invalidToken);
    expect(entra.calls() - before).toBe(1);
    vi.advanceTimersByTime(30_000);
    expect(await verify(token)).toMatchObject({ issuer: "entra" });
    expect(await rejection(await entra.issue())).toMatchObject(invalidToken);
    expect(entra.calls() - before).toBe(2);
  });

  it("are read again after an hour, so that a withdrawn key stops verifying", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    expect(await verify(await entra.issue())).toMatchObject({ issuer: "entra" });
    entra.state.published = [(await entra.createKey("entra-2")).jwk];
    vi.advanceTimersByTime(3_600_000);
    expect(await rejection(await entra.issue())).toMatchObject(invalidToken);
  });

  const unusable: Record<string, (response: ServerResponse) => unknown> = {
    "closes the connection": (response) => response.destroy(),
    "responds with an error": (response) => response.writeHead(500).end("{}"),
    redirects: (response) => response.writeHead(302, { location: entra.jwksUrl }).end(),
    "responds with HTML": (response) => response.end("<html>"),
    "has no key set": (response) => response.end('{"keys":7}'),
    "nests 100,000 arrays": (response) => response.end(`{"keys":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
    "publishes a key of 1,024 bits": (response) => response.end(JSON.stringify({ keys: [weak] })),
    "publishes two keys of one id": (response) =>
      response.end(JSON.stringify({ keys: [entra.key.jwk, entra.key.jwk] })),
  };
  let weak: object;
  beforeAll(async () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1_024 });
    weak = { ...publicKey.export({ format: "jwk" }), kid: entra.key.kid };
  });

  it.each(Object.keys(unusable))("cause DEPENDENCY_UNAVAILABLE with the cause when the endpoint %s", async (name) => {
    entra.state.respond = unusable[name];
    const error = await rejection(await entra.issue());
    expect(error).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", headers: { "Retry-After": "30" } });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("cause DEPENDENCY_UNAVAILABLE when the endpoint does not finish its response in five seconds", async () => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const create = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout(ms / 50));
    entra.state.respond = (response) => void response.write('{"keys":[');
    expect(await rejection(await entra.issue())).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(create).toHaveBeenCalledWith(5_000);
    create.mockRestore();
  });

  it("are not read beyond 256 KiB, also when the response is compressed", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
    entra.state.respond = (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    const error = await rejection(await entra.issue());
    expect(error).toMatchObject({
      code: "DEPENDENCY_UNAVAILABLE",
      cause: { message: expect.stringMatching(/262144/) },
    });
  });

  it("are read once in ten seconds while the endpoint fails, and verify again when it recovers", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const before = entra.calls();
    entra.state.respond = unusable["responds with an error"];
    const token = await entra.issue();
    for (let attempt = 0; attempt < 20; attempt += 1)
      expect(await rejection(token)).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(entra.calls() - before).toBe(1);
    entra.state.respond = undefined;
    vi.advanceTimersByTime(10_000);
    expect(await verify(token)).toMatchObject({ issuer: "entra" });
  });

  it("that are cached verify while the endpoint fails, and an unknown key id is DEPENDENCY_UNAVAILABLE then", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const token = await entra.issue();
    await verify(token);
    vi.advanceTimersByTime(40_000);
    entra.state.respond = unusable["closes the connection"];
    const unknown = await entra.issue({ header: { kid: "entra-9" } });
    expect(await rejection(unknown)).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(await verify(token)).toMatchObject({ issuer: "entra" });
  });

  it("come from the tenant's fixed address", async () => {
    const call = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("no network"));
    verify = createEntraVerifier({ tenantId: tenantId.toUpperCase(), audience, clock: createStoreClock() });
    expect(await rejection(await entra.issue())).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(call.mock.calls.map(([url]) => String(url))).toEqual([
      `https://login.microsoftonline.com/${tenantId}/discovery/v2.0/keys`,
    ]);
    call.mockRestore();
  });
});
