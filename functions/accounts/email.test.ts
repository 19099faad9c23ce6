// E-mail addresses: which are valid, and how they are spelled.
import { expect, it } from "vitest";
import { emailSchema, normalizeEmail } from "./email.ts";

it("emailSchema returns the address in lower case", () => {
  expect(emailSchema.parse("Ada.Lovelace+cv@Example.COM")).toBe("ada.lovelace+cv@example.com");
  expect(emailSchema.parse("owner@localhost")).toBe("owner@localhost");
  expect(normalizeEmail("Owner@LOCALHOST")).toBe("owner@localhost");
});

it.each([
  "",
  "ada",
  "@example.com",
  "ada@",
  "ada@@example.com",
  "ada @example.com",
  "ada@example.com\n",
  `${"a".repeat(250)}@b.de`,
  "adą@example.com",
])("emailSchema rejects %j", (text) => {
  expect(emailSchema.safeParse(text).success).toBe(false);
});
