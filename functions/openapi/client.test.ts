// A typed client out of the document: right calls compile, and wrong ones do not.
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeApi } from "../lib/http/route-table.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import { routes } from "../routes.ts";

const root = join(import.meta.dirname, "../..");

const RIGHT = `
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const api = createClient<paths>({ baseUrl: "http://localhost:7071/api", headers: { Authorization: "Bearer x" } });

const visit = await api.POST("/v1/visits/{page}", { params: { path: { page: "resume" } } });
const count: number | undefined = visit.data?.count;
const isUnknown: boolean = visit.error?.error.code === "NOT_FOUND";

const upload = await api.POST("/v1/images", {
  params: { query: { filename: "portrait.jpg" } },
  body: { file: "" },
  bodySerializer: () => new FormData(),
});
const image: components["schemas"]["Image"] | undefined = upload.data;
const place: string | null = upload.response.headers.get("Location");

const link = await api.POST("/v1/sas", { body: { imageId: image?.id ?? "", variant: "thumbnail", expiresIn: 3600 } });
const url: string | undefined = link.data?.url;

const ready = await api.GET("/health/ready", { headers: { "X-Trace-ID": "d58135d2adce495bb12530f46a7a9353" } });
const told = ready.data ?? ready.error;
const vault: "up" | "down" | undefined = told && "dependencies" in told ? told.dependencies.vault.status : undefined;

export default [count, isUnknown, place, url, vault];
`;

/** One thing wrong in each, and what the compiler says of it. */
const WRONG = [
  ["a path that is not there", '"/v1/sas"', '"/v1/links"', "'\"/v1/links\"' is not assignable"],
  ["a method that the path does not take", "api.GET(", "api.PUT(", "'\"/health/ready\"' is not assignable"],
  ["a field of the body left out", 'variant: "thumbnail", ', "", "'variant' is missing"],
  ["a field that the body does not have", "expiresIn: 3600", "expires: 3600", "'expires' does not exist"],
  ["a value that is not allowed", '"thumbnail"', '"poster"', "'\"poster\"' is not assignable"],
  ["a parameter of the path left out", '{ page: "resume" }', "{}", "'page' is missing"],
  ["a field that the answer does not have", "visit.data?.count", "visit.data?.total", "'total' does not exist"],
  ["an error code that there is not", '"NOT_FOUND"', '"NO_PAGE"', "have no overlap"],
] as const;

let folder: string;
let right: { code: unknown; said: string };
let wrong: { code: unknown; said: string };

/** What the compiler says of these files: its exit code and its words. */
async function compile(files: readonly string[]) {
  const compilerOptions = { strict: true, noEmit: true, module: "nodenext", target: "es2025", types: [] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const tsc = join(root, "node_modules/typescript-7/bin/tsc");
  return new Promise<{ code: unknown; said: string }>((resolve) => {
    const options = { cwd: folder };
    execFile(process.execPath, [tsc, "--project", "."], options, (error, said) => resolve({ code: error?.code, said }));
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-client-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  const document = structuredClone(describeApi(routes, ROUTE_PREFIX).document());
  await writeFile(join(folder, "api.ts"), astToString(await openapiTS(document as Parameters<typeof openapiTS>[0])));
  await writeFile(join(folder, "right.ts"), RIGHT);
  right = await compile(["right.ts"]);
  const files = WRONG.map((_, index) => `wrong-${index}.ts`);
  for (const [index, [, from, to]] of WRONG.entries())
    await writeFile(join(folder, `wrong-${index}.ts`), RIGHT.replace(from, to));
  wrong = await compile(files);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a program that calls the API as described compiles", () => {
  expect(right).toEqual({ code: undefined, said: "" });
});

test.each(WRONG.map(([what, , , words], index) => ({ what, words, index })))("$what does not compile", (each) => {
  expect(wrong.code).toBe(1);
  // What else is said of a file follows from the first.
  const first = wrong.said.split(/^(?=wrong-)/m).find((fault) => fault.startsWith(`wrong-${each.index}.ts`));
  expect(first).toContain(each.words);
});
