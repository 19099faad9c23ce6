// File names from clients: properties that hold for every name, and examples of names that people and attackers send.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText } from "../lib/any-text.fixture.ts";
import { safeFileName } from "./file-name.ts";

const extensions = ["jpeg", "png", "webp", "avif", "gif"] as const;
const family = "👩‍👩‍👧‍👦";

describe("safeFileName", () => {
  const hostile = fc.constantFrom(
    ..."/ \\ . .. ~ % %2e%2e%2f : \0 \r\n \t < > \" ' | ? * # & ; = , + CON nul.txt LPT1 .png .JPG".split(
      "safeFileName  ",
    ),
    ..."\u202e \u2066 \u200b \u200c \u200d \ufeff \u2028 \ud800 \ue000 \uffff e\u0301 \u0301 \u212b \u1fef \u037e".split(
      " ",
    ),
    " ",
    "\u00a0",
    "\u3000",
    family,
    "x".repeat(260),
  );
  const names = fc
    .array(fc.oneof(hostile, anyText(8), fc.string({ unit: "grapheme", maxLength: 8 })), {
      maxLength: 12,
    })
    .map((parts) => parts.join(""));
  const forAllNames = (check: (safe: string, extension: (typeof extensions)[number]) => void) =>
    fc.assert(
      fc.property(names, fc.constantFrom(...extensions), (name, extension) => {
        check(safeFileName(name, extension), extension);
      }),
      { numRuns: 500 },
    );

  it("safeFileName returns 1 to 255 bytes of well-formed text", () => {
    forAllNames((safe) => {
      expect(Buffer.byteLength(safe)).toBeGreaterThan(0);
      expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
      expect(safe.isWellFormed()).toBe(true);
    });
  });

  it("safeFileName returns NFC", () => {
    forAllNames((safe) => expect(safe).toBe(safe.normalize("NFC")));
  });

  it("safeFileName returns no character that is special in a path, shell, URL, HTML or header", () => {
    forAllNames((safe) => expect(safe).not.toMatch(/[/\\<>:"|?*#%&{}$!'`^~[\]\p{Cc}\u2028\u2029]/u));
  });

  it("safeFileName returns no invisible or bidirectional character, except joiners between the characters they join", () => {
    forAllNames((safe) => {
      expect(safe.replace(/[\u200c\u200d]/g, "")).not.toMatch(/\p{Cf}/u);
      expect(safe).not.toMatch(/(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200c\u200d]/u);
      expect(safe).not.toMatch(/[\u200c\u200d](?![\p{L}\p{Extended_Pictographic}])/u);
    });
  });

  it("safeFileName returns no dot or white space at either end, and a name before the extension", () => {
    forAllNames((safe) => {
      expect(safe).not.toMatch(/^[.\s]|[.\s]$/);
      expect(safe).toMatch(/[^.\s]\.\w+$/u);
    });
  });

  it("safeFileName returns the extension of the detected format", () => {
    forAllNames((safe, extension) =>
      expect(safe).toMatch(extension === "jpeg" ? /\.jpe?g$/i : new RegExp(`\\.${extension}$`, "i")),
    );
  });

  it("safeFileName returns no device name of Windows", () => {
    forAllNames((safe) => expect(safe).not.toMatch(/^(con|prn|aux|nul|com[1-9]|lpt[1-9]) *\./i));
  });

  it("safeFileName returns a safe name unchanged", () => {
    forAllNames((safe, extension) => expect(safeFileName(safe, extension)).toBe(safe));
  });

  it.each<[string | undefined, (typeof extensions)[number], string]>([
    ["portrait.png", "png", "portrait.png"],
    ["a.JPG", "jpeg", "a.JPG"],
    ["a.jpeg", "jpeg", "a.jpeg"],
    ["photo.png", "jpeg", "photo.png.jpg"],
    ["page.html", "gif", "page.html.gif"],
    ["../../etc/passwd", "png", "passwd.png"],
    ["C:\\a\\b.png", "png", "b.png"],
    ["a/b\\", "png", "image.png"],
    ["Zoë & Renée – été.png", "png", "Zoë _ Renée – été.png"],
    ["Zoe\u0308.png", "png", "Zoë.png"],
    ["e\u200b\u0301.png", "png", "é.png"],
    ["写真 1.webp", "webp", "写真 1.webp"],
    ["صورة.png", "png", "صورة.png"],
    ["نامه\u200cای.png", "png", "نامه\u200cای.png"],
    [`${family} ❤️.png`, "png", `${family} ❤️.png`],
    ["a\u200db.png", "png", "ab.png"],
    ["invoice\u202egpj.exe.png", "png", "invoicegpj.exe.png"],
    ["a\r\nSet-Cookie: x=1.png", "png", "aSet-Cookie_ x=1.png"],
    ["a\0.png", "png", "a.png"],
    ["  a \t  b .png", "png", "a b.png"],
    ["con.png", "png", "_con.png"],
    ["Aux .tar.png", "png", "_Aux .tar.png"],
    ["console.png", "png", "console.png"],
    [".png", "png", "png.png"],
    [".", "png", "image.png"],
    ["..", "png", "image.png"],
    ["...", "jpeg", "image.jpg"],
    ["\ud800", "png", "image.png"],
    ["", "avif", "image.avif"],
    [undefined, "gif", "image.gif"],
  ])("safeFileName turns %j of a %s into %j", (name, extension, safe) => {
    expect(safeFileName(name, extension)).toBe(safe);
  });

  it("safeFileName truncates a long name between graphemes and keeps its extension", () => {
    expect(safeFileName(`${"é".repeat(150)}.png`, "png")).toBe(`${"é".repeat(125)}.png`);
    expect(safeFileName(`${"写".repeat(100)}.png`, "png")).toBe(`${"写".repeat(83)}.png`);
    expect(safeFileName(`${family.repeat(20)}.png`, "png")).toBe(`${family.repeat(10)}.png`);
    expect(safeFileName(`${"a".repeat(250)} b.png`, "png")).toBe(`${"a".repeat(250)}.png`);
    expect(safeFileName(`a${"\u0301".repeat(300)}`, "png")).toBe("image.png");
  });
});
