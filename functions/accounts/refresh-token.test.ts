// The format of refresh tokens: one spelling each, and a tag that only the family's key makes.
import { randomBytes, randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRefreshToken, isGenuine, MAX_TOKEN_LENGTH, parseRefreshToken } from "./refresh-token.ts";

const key = randomBytes(32);
const parts = { userId: randomUUID(), familyId: randomUUID(), secret: randomBytes(32) };
const text = formatRefreshToken(key, parts);

describe("a refresh token", () => {
  it("is parsed into what it was formatted from, and its key confirms it", () => {
    const parsed = parseRefreshToken(text);
    expect(parsed).toMatchObject(parts);
    expect(text.length).toBeLessThanOrEqual(MAX_TOKEN_LENGTH);
    expect(parsed && isGenuine(parsed, key)).toBe(true);
    expect(parsed && isGenuine(parsed, randomBytes(32))).toBe(false);
    expect(parseRefreshToken(formatRefreshToken(key, { ...parts, userId: "owner" }))?.userId).toBe("owner");
  });

  it("is rejected by format or by tag when any character is changed, added or removed", () => {
    const change = fc.tuple(
      fc.nat(text.length - 1),
      fc.nat(1),
      fc.constantFrom("", "A", "b", "-", ".", "é", "AA", "\n"),
    );
    fc.assert(
      fc.property(change, ([place, removed, added]) => {
        const changed = text.slice(0, place) + added + text.slice(place + removed);
        const parsed = parseRefreshToken(changed);
        return changed === text || parsed === undefined || !isGenuine(parsed, key);
      }),
      { numRuns: 1_000 },
    );
  });

  it("has one spelling: other values of the unused bits of base64url are rejected", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const spellings = [...alphabet].filter((last) => parseRefreshToken(text.slice(0, -1) + last));
    expect(spellings).toHaveLength(4);
    expect(parseRefreshToken(text.toUpperCase())).toBeUndefined();
    expect(parseRefreshToken("a".repeat(100_000))).toBeUndefined();
  });
});
