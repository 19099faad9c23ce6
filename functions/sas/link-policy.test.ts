// The duration that a client may request, and the start and expiry of a link.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkExpiry, linkSeconds, linkStart, READ } from "./link-policy.ts";

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

  it("linkExpiry lasts at least as long as requested, and less than a second longer", () => {
    fc.assert(
      fc.property(instants, lengths, (now, seconds) => {
        const expiresAt = linkExpiry(now, seconds);
        expect(expiresAt % 1_000).toBe(0);
        expect(expiresAt - now).toBeGreaterThanOrEqual(seconds * 1_000);
        expect(expiresAt - now).toBeLessThan((seconds + 1) * 1_000);
      }),
    );
  });

  it("linkStart is five minutes ago, but never before the key starts", () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: DAY }), (now, age) => {
        expect(linkStart(now, now - age)).toBe(Math.max(nextSecond(now) - 5 * MINUTE, now - age));
      }),
    );
  });
});
