// Which key signs which link, over days of a simulated clock, and what happens while no key can be had.
import { dirname } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadCertificate } from "../../../local/certificate.ts";
import { createIssueLink } from "../../sas/issue-link.ts";
import { MAX_LINK_MS } from "../../sas/link-policy.ts";
import { createBlobService } from "./blobs.ts";
import { createCredential } from "./credential.ts";
import { covers, createDelegationKeys, validityFrom } from "./delegation-keys.ts";
import { type KeyStore, startKeyStore } from "./key-store.fixture.ts";
import { createLinkSigner } from "./link-signer.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const begin = Date.UTC(2026, 10, 21, 9, 0, 0, 123);
const certificate = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS as string));
const credential = createCredential(undefined);
let store: KeyStore;
let now: number;
let issueLink: ReturnType<typeof createIssueLink>;

function open(uri = store.uri) {
  now = begin;
  const service = createBlobService(uri, credential);
  const clock = () => now;
  const keys = createDelegationKeys({ service, maxLinkMs: MAX_LINK_MS, now: clock });
  issueLink = createIssueLink({ keys, sign: createLinkSigner(service, undefined), now: clock });
}
beforeEach(async () => {
  store = await startKeyStore(certificate);
  open();
});
afterEach(() => store.close());

const image = { owner: "ada", id: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b", filename: "a.png" };

/** A link, with the times that its signature names. */
async function link(seconds = 3_600) {
  const { url, expiresAt } = await issueLink(image, "original", seconds);
  const { searchParams } = new URL(url);
  const [starts, ends, keyStarts, keyEnds] = ["st", "se", "skt", "ske"].map((name) =>
    Date.parse(searchParams.get(name) ?? ""),
  ) as [number, number, number, number];
  return { expiresAt, starts, ends, keyStarts, keyEnds };
}

describe("over ten days", () => {
  it("every link lies within its key and lasts as long as was asked for, and keys are asked for about daily", async () => {
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 0, max: 12 * HOUR }), seconds: fc.integer({ min: 60, max: 518_400 }) }),
      { minLength: 20, maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (chain) => {
        open();
        store.keys.length = 0;
        for (const { wait, seconds } of chain) {
          now += wait;
          if (now > begin + 10 * DAY) break;
          const { expiresAt, starts, ends, keyStarts, keyEnds } = await link(seconds);
          expect(ends).toBe(expiresAt);
          expect(ends - now).toBeGreaterThanOrEqual(seconds * 1_000);
          expect(ends - now).toBeLessThan((seconds + 1) * 1_000);
          expect(starts).toBeGreaterThanOrEqual(keyStarts);
          expect(starts).toBeLessThanOrEqual(now);
          expect(ends).toBeLessThanOrEqual(keyEnds - 5 * MINUTE);
          expect(keyEnds).toBeLessThanOrEqual(now + 7 * DAY);
          // A key that is asked for in the background is there long before hours pass.
          const isFresh = async () => {
            const { keyStarts: startsAt, keyEnds: expiresAt } = await link(60);
            expect(covers({ startsAt, expiresAt }, now + MAX_LINK_MS)).toBe(true);
          };
          await vi.waitFor(isFresh, { interval: 2 });
        }
        const days = (now - begin) / DAY;
        expect(store.keys.length).toBeLessThanOrEqual(1 + days / (22.9 / 24));
      }),
      { numRuns: 20 },
    );
  });

  it("a link of six days can be had at every minute of a key's life", async () => {
    for (; now < begin + 2 * DAY; now += 31 * MINUTE) {
      const { ends, keyEnds } = await link(518_400);
      expect(ends).toBeLessThanOrEqual(keyEnds - 5 * MINUTE);
    }
    expect(store.keys.length).toBeLessThanOrEqual(3);
  });
});

it("links are bound to https wherever the store is not on this machine's own address", async () => {
  open(store.uri.replace("127.0.0.1", "localhost"));
  const { url } = await issueLink(image, "original", 60);
  expect(new URL(url).searchParams.get("spr")).toBe("https");
});

describe("a key", () => {
  it("is asked for by one caller while fifty others wait for it", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    store.until = promise;
    const links = Promise.all(Array.from({ length: 51 }, () => link()));
    await vi.waitFor(() => expect(store.requests).toBe(1));
    resolve();
    expect(new Set((await links).map(({ keyEnds }) => keyEnds)).size).toBe(1);
    expect(store.requests).toBe(1);
  });

  it("that ages is replaced once, while links go on being signed with it", async () => {
    const first = await link();
    now += DAY;
    const { promise, resolve } = Promise.withResolvers<void>();
    store.until = promise;
    for (let links = 0; links < 10; links++) expect((await link()).keyEnds).toBe(first.keyEnds);
    await vi.waitFor(() => expect(store.requests).toBe(2));
    resolve();
    await vi.waitFor(async () => expect((await link()).keyEnds).toBe(first.keyEnds + DAY));
    expect(store.requests).toBe(2);
  });

  it("that ages and cannot be replaced goes on signing, and is asked for again no sooner than a minute later", async () => {
    const first = await link();
    now += DAY;
    store.refuses = true;
    for (let links = 0; links < 10; links++) expect((await link()).keyEnds).toBe(first.keyEnds);
    await vi.waitFor(() => expect(store.requests).toBe(2));
    now += MINUTE;
    expect((await link()).keyEnds).toBe(first.keyEnds);
    expect(store.requests).toBe(2);
    store.refuses = false;
    now += 1;
    await vi.waitFor(async () => expect((await link()).keyEnds).toBeGreaterThan(first.keyEnds));
    expect(store.requests).toBe(3);
  });

  it("that is too old for a long link still signs a short one while no other can be had", async () => {
    await link();
    now += 5 * DAY;
    store.refuses = true;
    await expect(link(518_400)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect((await link(3_600)).ends).toBeGreaterThan(now);
  });

  it("that ends earlier than was asked for signs only what ends before it", async () => {
    store.shorterBy = 6 * DAY;
    await expect(link(86_400)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(await link(3_600)).toMatchObject({ keyEnds: store.keys[0]?.expiresAt });
  });

  it("that is over signs nothing", async () => {
    await link();
    now += 7 * DAY;
    store.refuses = true;
    await expect(link(60)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  });

  it("that cannot be had is DEPENDENCY_UNAVAILABLE for all who wait, with its cause, and the next caller asks again", async () => {
    store.refuses = true;
    const outcomes = await Promise.allSettled([link(), link(), link()]);
    const failure = { code: "DEPENDENCY_UNAVAILABLE", cause: { statusCode: 403 }, headers: { "Retry-After": "5" } };
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: failure });
    expect(store.requests).toBe(1);
    store.refuses = false;
    expect((await link()).ends).toBeGreaterThan(now);
  });
});

describe("the validity of a key", () => {
  it("starts 15 minutes ago and ends an hour before the maximum of seven days", () => {
    expect(validityFrom(begin)).toEqual({ startsAt: begin - 15 * MINUTE, expiresAt: begin + 7 * DAY - HOUR });
  });

  it("covers a link that expires five minutes earlier, and none that expires later", () => {
    const key = { startsAt: begin, expiresAt: begin + DAY };
    expect(covers(key, begin + DAY - 5 * MINUTE)).toBe(true);
    expect(covers(key, begin + DAY - 5 * MINUTE + 1)).toBe(false);
  });

  it("covers the longest link for 22 hours and 55 minutes", () => {
    const key = validityFrom(begin);
    const last = begin + 23 * HOUR - 5 * MINUTE;
    expect(covers(key, last + MAX_LINK_MS)).toBe(true);
    expect(covers(key, last + 1 + MAX_LINK_MS)).toBe(false);
  });
});
