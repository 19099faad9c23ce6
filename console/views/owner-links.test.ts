// The address of the owner's page.
import { expect, it } from "vitest";
import { pageAddress } from "./owner-links.tsx";

it.each([
  [" https://example.com/cv?x=1#top ", "https://example.com/cv?x=1"],
  ["http://localhost:7071/", "http://localhost:7071/"],
  ["example.com", undefined],
  ["javascript:alert(1)", undefined],
  ["", undefined],
])("takes %j as %j: a web address without its fragment", (text, address) => {
  expect(pageAddress(text)).toBe(address);
});
