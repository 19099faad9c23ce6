// What a résumé must be, and the errors that tell its writer what to change.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sample from "@jsonresume/schema/sample.resume.json" with { type: "json" };
import { expect, it, onTestFinished } from "vitest";
import { buildSite, files, RESUME } from "./build-site.ts";
import { findIssues, readResume } from "./read-resume.ts";

it("accepts the résumé of this repository, and the sample of the schema", () => {
  expect(findIssues(JSON.parse(readFileSync(RESUME, "utf8")))).toEqual([]);
  expect(findIssues(sample)).toEqual([]);
});

const basics = { name: "Ada" };

it.each([
  [
    "a date in words",
    { basics, work: [{ startDate: "last year" }] },
    /^\/work\/0\/startDate must match pattern .*; received "last year"\. Write a date as 2021, 2021-05 or 2021-05-31\.$/,
  ],
  [
    "an address that runs as script",
    { basics: { ...basics, url: "javascript:alert(1)" } },
    /^\/basics\/url must begin with https:\/\/, http:\/\/ or mailto:; received "javascript:alert\(1\)"\. Write the whole address/,
  ],
  [
    "an image from data",
    { basics: { ...basics, image: "data:text/html,x" } },
    /^\/basics\/image must begin with https:/,
  ],
  [
    "an e-mail address without a host",
    { basics: { ...basics, email: "ada" } },
    /^\/basics\/email must match format "email"; received "ada"\. Write an address such as/,
  ],
  [
    "a text instead of a list",
    { basics, work: "much" },
    /^\/work must be array; received "much"\. See https:\/\/jsonresume\.org\/schema\.$/,
  ],
  ["no name", { basics: {} }, /^\/basics\/name must not be empty; received nothing\. Add your name\.$/],
  ["null", null, /^\/ must be object; received null\./],
])("rejects %s with path, rule, received value and fix", (_, resume, issue) => {
  expect(findIssues(resume)).toEqual(expect.arrayContaining([expect.stringMatching(issue)]));
});

it("readResume reports every issue with the file, and what is no JSON", () => {
  const folder = mkdtempSync(join(tmpdir(), "vitae-resume-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "resume.json");
  writeFileSync(file, JSON.stringify({ basics: { name: "", email: "x" }, awards: [{ date: "2021-5" }] }));
  expect(() => readResume(file)).toThrow(`${file} has 3 issue(s):\n  `);
  writeFileSync(file, "{");
  expect(() => readResume(file)).toThrow(`${file} must be a readable JSON file: `);
});

it("buildSite writes the page, the page of a 404, and every file that they name", () => {
  const out = mkdtempSync(join(tmpdir(), "vitae-site-"));
  onTestFinished(() => rmSync(out, { recursive: true }));
  buildSite(readResume(RESUME), { out });
  const page = readFileSync(join(out, "index.html"), "utf8");
  const named = [...page.matchAll(/(?:href|src)="([\w-]+\.\w+)"/g)].map(([, name]) => name);
  expect(named.sort()).toEqual([...files].sort());
  for (const name of [...files, "404.html"]) expect(readFileSync(join(out, name), "utf8")).not.toBe("");
});
