// Which key signs which link over days of simulated time, and what happens while the store returns no key.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createIssueLink } from "../../sas/issue-link.ts";
import { loadTestCertificate } from "../test-services.fixture.ts";
import { createBlobService } from "./blob-service.ts";
import { createCredential } from "./credential.ts";
import { createDelegationKeys, dayOfKey, validityOf } from "./delegation-keys.ts";
import { type KeyStore, startKeyStore } from "./key-store.fixture.ts";
import { createLinkSigner } from "./link-signer.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const begin = Date.UTC(2026, 10, 21, 9, 0, 0, 123);
const certificate = await loadTestCertificate();
const credential = createCredential(undefined);
let store: KeyStore;
let now: number;
let issueLink: ReturnType<typeof createIssueLink>;

function open(uri = store.uri) {
  now = begin;
  const service = createBlobService(uri, credential);
  const clock = () => now;
  const keys = createDelegationKeys({ service, now: clock });
  issueLink = createIssueLink({ keys, sign: createLinkSigner(service, undefined), now: clock });
}
beforeEach(async () => {
  store = await startKeyStore(certificate);
  open();
});
afterEach(() => store.close());

const image = { owner: "ada", id: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b", filename: "a.png" };

/** Issues a link and returns the times in its signature. */
async function link(seconds = 3_600, isStable = false) {
  const { url, expiresAt } = await issueLink(image, "original", { seconds, isStable });
  const { searchParams } = new URL(url);
  const [starts, ends, keyStarts, keyEnds] = ["st", "se", "skt", "ske"].map((name) =>
    Date.parse(searchParams.get(name) ?? ""),
  ) as [number, number, number, number];
  return { expiresAt, starts, ends, keyStarts, keyEnds };
}

describe("over ten days", () => {
  it("every link is covered by its key and lasts as long as requested, with one key a day and one for windows of a day", async () => {
    const request = fc.record({
      wait: fc.integer({ min: 0, max: 12 * HOUR }),
      seconds: fc.integer({ min: 60, max: 518_340 }),
      isStable: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 20, maxLength: 60 }), async (chain) => {
        open();
        const requests = store.keys.length;
        for (const { wait, seconds, isStable } of chain) {
          now += wait;
          if (now > begin + 10 * DAY) break;
          const { expiresAt, starts, ends, keyStarts, keyEnds } = await link(seconds, isStable);
          expect(ends).toBe(expiresAt);
          expect(ends - now).toBeGreaterThanOrEqual(seconds * 1_000);
          expect(ends - now).toBeLessThanOrEqual(Math.min((isStable ? 2 * seconds : seconds + 1) * 1_000, 6 * DAY));
          expect(starts).toBeGreaterThanOrEqual(keyStarts);
          expect(starts).toBeLessThanOrEqual(now);
          expect(ends).toBeLessThanOrEqual(keyEnds);
          expect([keyStarts % DAY, keyEnds]).toEqual([0, keyStarts + 7 * DAY]);
          expect(keyEnds).toBeLessThanOrEqual(now + 7 * DAY);
        }
        // Otherwise a refresh in the background would count for the next chain.
        await vi.waitFor(async () => expect((await link(60)).keyStarts).toBe(dayOfKey(now, now)), {
          interval: 2,
          timeout: 30_000,
        });
        const days = store.keys.slice(requests).map(({ startsAt }) => startsAt);
        expect(days).toHaveLength(new Set(days).size);
      }),
      { numRuns: 20 },
    );
  });

  it("a link of six days is issued at any time of the day", async () => {
    const midnight = Date.UTC(2026, 10, 22);
    for (const offset of [-HOUR, -1_000, -1, 0, 1, 14 * MINUTE, 16 * MINUTE]) {
      now = midnight + offset;
      const { ends, keyEnds } = await link(518_400);
      expect(ends).toBeLessThanOrEqual(keyEnds);
    }
  });
});

it("a link requires https when the store is not on 127.0.0.1", async () => {
  open(store.uri.replace("127.0.0.1", "localhost"));
  const { url } = await issueLink(image, "original", { seconds: 60, isStable: false });
  expect(new URL(url).searchParams.get("spr")).toBe("https");
});

describe("covering", () => {
  it("51 concurrent callers share one key request", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    store.until = promise;
    const links = Promise.all(Array.from({ length: 51 }, () => link()));
    await vi.waitFor(() => expect(store.requests).toBe(1), 30_000);
    resolve();
    expect(new Set((await links).map(({ keyEnds }) => keyEnds)).size).toBe(1);
    expect(store.requests).toBe(1);
  });

  it("an ageing key is refreshed once, and signs links meanwhile", async () => {
    const first = await link();
    now += DAY;
    const { promise, resolve } = Promise.withResolvers<void>();
    store.until = promise;
    for (let links = 0; links < 10; links++) expect((await link()).keyEnds).toBe(first.keyEnds);
    await vi.waitFor(() => expect(store.requests).toBe(2), 30_000);
    resolve();
    await vi.waitFor(async () => expect((await link()).keyEnds).toBe(first.keyEnds + DAY), 30_000);
    expect(store.requests).toBe(2);
  });

  it("an ageing key signs links while its refresh fails, and is requested again after a minute", async () => {
    const first = await link();
    now += DAY;
    store.rejects = true;
    for (let links = 0; links < 10; links++) expect((await link()).keyEnds).toBe(first.keyEnds);
    await vi.waitFor(() => expect(store.requests).toBe(2), 30_000);
    now += MINUTE;
    expect((await link()).keyEnds).toBe(first.keyEnds);
    expect(store.requests).toBe(2);
    store.rejects = false;
    now += 1;
    await vi.waitFor(async () => expect((await link()).keyEnds).toBeGreaterThan(first.keyEnds), 30_000);
    expect(store.requests).toBe(3);
  });

  it("a stable link waits for the key of its day, and gets another key while the store returns none", async () => {
    const first = await link();
    now += DAY;
    store.rejects = true;
    expect((await link(3_600, true)).keyEnds).toBe(first.keyEnds);
    store.rejects = false;
    now += MINUTE + 1;
    expect((await link(3_600, true)).keyEnds).toBe(first.keyEnds + DAY);
  });

  it("a key that is too old for a long link signs a short one while no other is available", async () => {
    await link();
    now += 5 * DAY;
    store.rejects = true;
    await expect(link(518_400)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect((await link(3_600)).ends).toBeGreaterThan(now);
  });

  it("a key with a shorter validity than requested signs only links that it covers", async () => {
    store.shorterBy = 6 * DAY;
    await expect(link(86_400)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(await link(3_600)).toMatchObject({ keyEnds: store.keys[0]?.expiresAt });
  });

  it("an expired key signs nothing", async () => {
    await link();
    now += 7 * DAY;
    store.rejects = true;
    await expect(link(60)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  });

  it("a failed key request throws DEPENDENCY_UNAVAILABLE to all waiting callers, and the next caller tries again", async () => {
    store.rejects = true;
    const outcomes = await Promise.allSettled([link(), link(), link()]);
    const failure = { code: "DEPENDENCY_UNAVAILABLE", cause: { statusCode: 403 }, headers: { "Retry-After": "5" } };
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: failure });
    expect(store.requests).toBe(1);
    store.rejects = false;
    expect((await link()).ends).toBeGreaterThan(now);
  });
});

describe("the day of a key", () => {
  const midnight = Date.UTC(2026, 10, 22);

  it("a key starts with its UTC day and ends after the maximum of seven days", () => {
    expect(validityOf(midnight)).toEqual({ startsAt: midnight, expiresAt: midnight + 7 * DAY });
  });

  it("a link has yesterday's key for 15 minutes after midnight, unless that key ends before the link", () => {
    const yesterday = midnight - DAY;
    expect(dayOfKey(midnight + 15 * MINUTE - 1, midnight + DAY)).toBe(yesterday);
    expect(dayOfKey(midnight + 15 * MINUTE, midnight + DAY)).toBe(midnight);
    expect(dayOfKey(midnight, midnight + 6 * DAY)).toBe(yesterday);
    expect(dayOfKey(midnight, midnight + 6 * DAY + 1)).toBe(midnight);
  });
});
