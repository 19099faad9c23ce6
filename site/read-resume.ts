// Reads a résumé, and reports everything that is wrong with it: by the schema of JSON Resume, and by what the page needs.
import { readFileSync } from "node:fs";
import schema from "@jsonresume/schema/schema.json" with { type: "json" };
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { linkAddress } from "./html.ts";
import type { Resume } from "./resume.ts";

const ajv = new Ajv({ allErrors: true, strict: false });
(addFormats as unknown as (ajv: Ajv) => void)(ajv);
const matchesSchema = ajv.compile(schema);

const fixes: Readonly<Record<string, string>> = {
  pattern: "Write a date as 2021, 2021-05 or 2021-05-31.",
  uri: "Write the whole address, such as https://example.com/tove.",
  email: "Write an address such as tove@example.com.",
};

const valueAt = (data: unknown, path: string): unknown =>
  path
    .split("/")
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], data);

/** Paths of all texts below a value. */
function textsOf(value: unknown, path = ""): [path: string, text: string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, `${path}/${key}`));
}

/** One line for each issue, with path, rule, received value and fix; empty for a valid résumé. */
export function findIssues(data: unknown): readonly string[] {
  const received = (path: string) => JSON.stringify(valueAt(data, path))?.slice(0, 80) ?? "nothing";
  matchesSchema(data);
  const broken = (matchesSchema.errors ?? []).map(({ instancePath, message, keyword, params }) => {
    const fix = fixes[keyword === "format" ? String(params.format) : keyword] ?? "See https://jsonresume.org/schema.";
    return `${instancePath || "/"} ${message}; received ${received(instancePath)}. ${fix}`;
  });
  const unsafe = textsOf(data)
    .filter(
      ([path, text]) => /\/(?:url|image)$/.test(path) && !path.startsWith("/meta") && text !== "" && !linkAddress(text),
    )
    .map(([path]) => `${path} must begin with https://, http:// or mailto:; received ${received(path)}. ${fixes.uri}`);
  const { name } = (data as Partial<Resume> | undefined)?.basics ?? {};
  const unnamed = name?.toString().trim()
    ? []
    : [`/basics/name must not be empty; received ${received("/basics/name")}. Add your name.`];
  return [...new Set([...broken, ...unsafe, ...unnamed])];
}

/** @throws {Error} with the file and every issue */
export function readResume(file: string): Resume {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new Error(`${file} must be a readable JSON file: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  const issues = findIssues(data);
  if (issues.length > 0) throw new Error(`${file} has ${issues.length} issue(s):\n  ${issues.join("\n  ")}`);
  return data as Resume;
}
