// The rules of new passwords: length in code points, Unicode, and which ones are common.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { check } from "../lib/http/validation-issues.ts";
import { isCommon, passwordSchema } from "./password-rules.ts";

const messageOf = (password: unknown) => passwordSchema.safeParse(password).error?.issues.map(({ message }) => message);

describe("passwordSchema", () => {
  it("passwordSchema accepts 12 to 128 code points in NFC", () => {
    for (const accepted of ["a".repeat(12), "😀".repeat(12), "😀".repeat(128), "      spaces      "])
      expect(passwordSchema.parse(accepted)).toBe(accepted);
    expect(passwordSchema.parse("e\u0301".repeat(12))).toBe("é".repeat(12));
  });

  it.each([
    ["11 code points", "😀".repeat(11), "must have 12 to 128 characters"],
    ["12 code points that NFC makes 11", `${"a".repeat(10)}e\u0301`, "must have 12 to 128 characters"],
    ["129 code points", "a".repeat(129), "must have 12 to 128 characters"],
    // NFC of this character is three characters of four bytes.
    ["129 code points or more in NFC", "\u{1d160}".repeat(128), "must have 12 to 128 characters"],
    ["a lone surrogate", `${"a".repeat(12)}\ud83d`, "must be well-formed Unicode"],
  ])("passwordSchema rejects %s", (_, password, message) => {
    expect(messageOf(password)).toEqual([message]);
  });
});

it("a response about a length names the received one, and not the password", () => {
  const value = { password: "short" };
  const { issues } = check({ part: "body", schema: z.object({ password: passwordSchema }), value, example: value });
  const message = "must have 12 to 128 characters, received 5: choose another.";
  expect(issues).toEqual([{ path: "body.password", message }]);
});

describe("isCommon", () => {
  it.each([
    "1q2w3e4r5t6y",
    "needforspeed",
    "NeedForSpeed",
    "Password1234!",
    "2026-dragon-11",
    "passwordpassword",
    "dragondragondragon",
    "aaaaaaaaaaaa",
    "abcabcabcabcab",
    "678901234567",
    "098765432109",
    "abcdefghijklmnop",
    "lkjihgfedcba",
  ])("isCommon finds %s", async (password) => {
    expect(await isCommon(password)).toBe(true);
  });

  it.each([
    "correct horse battery",
    "violet anchor mill 7",
    "dragon8361525937412",
    "361525937412",
    "xkQ7-Rv2m-9LpA",
    "przemysłowiec łódzki",
  ])("isCommon accepts %s", async (password) => {
    expect(await isCommon(password)).toBe(false);
  });

  it("isCommon accepts random passwords", async () => {
    const random = fc.uint8Array({ minLength: 15, maxLength: 15 }).filter((bytes) => new Set(bytes).size > 8);
    await fc.assert(
      fc.asyncProperty(random, async (bytes) => {
        expect(await isCommon(Buffer.from(bytes).toString("base64url"))).toBe(false);
      }),
    );
  });
});
