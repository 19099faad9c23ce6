// The list of common passwords, when loading it fails once.
import { expect, it, vi } from "vitest";
import { isCommon } from "./password-rules.ts";

const list = vi.hoisted(() => ({ reads: 0 }));
vi.mock("@zxcvbn-ts/language-common", () => ({
  get dictionary() {
    if (list.reads++ === 0) throw new Error("The file cannot be read");
    return { "passwords-common": ["dragon"] };
  },
}));

it("is loaded again for the next password after a failure", async () => {
  await expect(isCommon("dragon")).rejects.toThrow("cannot be read");
  expect(await isCommon("dragon")).toBe(true);
});
