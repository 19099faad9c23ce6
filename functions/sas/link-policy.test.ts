// The duration that a client may request, and the start and expiry of a link.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkSeconds, linkTimes, READ, stableLinkTimes } from "./link-policy.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const at = Date.UTC(2026, 10, 21);
const instants = fc.integer({ min: at, max: at + 10 * DAY });
const lengths = fc.integer({ min: 60, max: 6 * 24 * 3_600 });

describe("linkSeconds", () => {
  it.each([[60], [61], [3_600], [518_400]])("linkSeconds accepts %i", (seconds) => {
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
  ])("linkSeconds rejects %j", (seconds) => {
    expect(linkSeconds.safeParse(seconds).success).toBe(false);
  });

  it("linkSeconds defaults to an hour", () => {
    expect(linkSeconds.parse(undefined)).toBe(3_600);
  });
});

describe("link times", () => {
  const nextSecond = (now: number) => Math.ceil(now / 1_000) * 1_000;

  it("READ permits nothing but reading", () => {
    expect(READ).toBe("r");
  });

  it("a link starts five minutes ago and lasts at least as long as requested, and less than a second longer", () => {
    fc.assert(
      fc.property(instants, lengths, (now, seconds) => {
        const { startsAt, expiresAt } = linkTimes(now, seconds);
        expect(startsAt).toBe(nextSecond(now) - 5 * MINUTE);
        expect(expiresAt % 1_000).toBe(0);
        expect(expiresAt - now).toBeGreaterThanOrEqual(seconds * 1_000);
        expect(expiresAt - now).toBeLessThan((seconds + 1) * 1_000);
      }),
    );
  });

  it("a stable link lasts at least as long as requested, at most twice as long, and at most six days", () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 60, max: 518_340 }), (now, seconds) => {
        const { startsAt, expiresAt } = stableLinkTimes(now, seconds);
        expect(startsAt).toBeLessThanOrEqual(now - 5 * MINUTE);
        expect(expiresAt - now).toBeGreaterThanOrEqual(seconds * 1_000);
        expect(expiresAt - now).toBeLessThanOrEqual(Math.min(2 * seconds * 1_000, 6 * DAY));
      }),
    );
  });

  it.each([
    [60, MINUTE],
    [600, 10 * MINUTE],
    [3_600, HOUR],
    [86_400, DAY],
    [5 * 86_400, DAY],
    [5 * 86_400 + 1, HOUR],
    [518_340, MINUTE],
  ])("a stable link of %i seconds has the same times during a window of %i ms", (seconds, window) => {
    const first = stableLinkTimes(at, seconds);
    expect(stableLinkTimes(at + window - 1, seconds)).toEqual(first);
    expect(stableLinkTimes(at + window, seconds).expiresAt).toBe(first.expiresAt + window);
  });
});
