// The rules of links and keys, as arithmetic.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyCovers, keyIsAging, keySpan, linkSeconds, linkSpan, READ } from "./link-policy.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const at = Date.UTC(2026, 10, 21);
const instants = fc.integer({ min: at, max: at + 10 * DAY });
const lengths = fc.integer({ min: 60, max: 6 * 24 * 3_600 });

describe("how long a link lasts", () => {
  it.each([[60], [61], [3_600], [518_400]])("may be %i seconds", (seconds) => {
    expect(linkSeconds.parse(seconds)).toBe(seconds);
  });

  it.each([
    [0],
    [-60],
    [59],
    [518_401],
    [60.5],
    [Number.POSITIVE_INFINITY],
    [Number.NaN],
    ["3600"],
    [null],
    [true],
    [[60]],
  ])("may not be %j", (seconds) => {
    expect(linkSeconds.safeParse(seconds).success).toBe(false);
  });

  it("is an hour unless it is said", () => {
    expect(linkSeconds.parse(undefined)).toBe(3_600);
  });
});

describe("a link", () => {
  it("can do nothing but read", () => {
    expect(READ).toBe("r");
  });

  it("starts five minutes back, but never before its key, and lasts as long as was asked for", () => {
    fc.assert(
      fc.property(instants, lengths, fc.integer({ min: 0, max: DAY }), (now, seconds, age) => {
        const key = { startsAt: now - age, expiresAt: now + 7 * DAY };
        const span = linkSpan(seconds, { now, key });
        expect(span.startsAt).toBe(Math.max(now - 5 * MINUTE, key.startsAt));
        expect(span.expiresAt - now).toBe(seconds * 1_000);
      }),
    );
  });
});

describe("a key", () => {
  it("lives less than seven days from when it is asked for, and starts a quarter of an hour back", () => {
    const key = keySpan(at);
    expect(key).toEqual({ startsAt: at - 15 * MINUTE, expiresAt: at + 7 * DAY - HOUR });
  });

  it("that was just asked for signs every permitted link, and is not aging", () => {
    fc.assert(
      fc.property(instants, lengths, (now, seconds) => {
        expect(keyCovers(keySpan(now), now + seconds * 1_000)).toBe(true);
        expect(keyIsAging(keySpan(now), now)).toBe(false);
      }),
    );
  });

  it("signs no link that ends less than five minutes before it", () => {
    const key = { startsAt: at, expiresAt: at + DAY };
    expect(keyCovers(key, at + DAY - 5 * MINUTE)).toBe(true);
    expect(keyCovers(key, at + DAY - 5 * MINUTE + 1)).toBe(false);
  });

  it("ages exactly when it no longer signs the longest permitted link: after 22 hours and 55 minutes", () => {
    const key = keySpan(at);
    const days = 23 * HOUR - 5 * MINUTE;
    expect(keyIsAging(key, at + days)).toBe(false);
    expect(keyIsAging(key, at + days + 1)).toBe(true);
    fc.assert(
      fc.property(instants, (now) => {
        expect(keyIsAging(key, now)).toBe(!keyCovers(key, now + 6 * DAY));
      }),
    );
  });
});
