// The value of --start-at.
import { expect, it } from "vitest";
import { UsageError } from "../scripts/command-line.ts";
import { readStartAt } from "./read-flags.ts";

it("readStartAt reads whole numbers", () => {
  expect(["0", "1200", "9007199254740991"].map(readStartAt)).toEqual([0, 1200, Number.MAX_SAFE_INTEGER]);
});

it.each(["-1", "-5", "1.5", "1e3", "many", "9007199254740993", "", " 1"])(
  "readStartAt rejects %j with the rule",
  (text) => {
    const rule = `--start-at must be a whole number from 0 to 9007199254740991, received "${text}". `;
    expect(() => readStartAt(text)).toThrow(expect.objectContaining({ message: expect.stringContaining(rule) }));
    expect(() => readStartAt(text)).toThrow(UsageError);
  },
);
