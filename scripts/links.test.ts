// Links of the Markdown files lead somewhere: relative paths exist, and anchors are headings.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const files = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).trim().split("\n");
const textOf = (file: string) => readFileSync(join(root, file), "utf8");
const withoutCode = (text: string) => text.replaceAll(/^```[\s\S]*?^```$/gm, "");

/** The anchors that GitHub makes of the headings. */
function anchorsOf(file: string): readonly string[] {
  return [...withoutCode(textOf(file)).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function problemOf(file: string, link: string): string | undefined {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? file : normalize(join(dirname(file), path));
  if (!existsSync(join(root, target))) return `${link}: ${target} does not exist`;
  if (anchor === undefined || statSync(join(root, target)).isDirectory()) return undefined;
  return anchorsOf(target).includes(anchor) ? undefined : `${link}: ${target} has no such heading`;
}

it.each(files)("%s has no broken relative link", (file) => {
  const links = [...withoutCode(textOf(file)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  const relative = links.filter((link) => !/^[a-z]+:/.test(link));
  expect(relative.flatMap((link) => problemOf(file, link) ?? [])).toEqual([]);
});

/** Written by npm run bootstrap in a copy of the repository, so not in the repository itself. */
const generated = ["infra/choices.json"];

it.each(files)("%s names only source files that exist, in backticks or diagrams", (file) => {
  const paths = textOf(file).matchAll(
    /(?<![\w./-])((?:functions|infra|local|seed-entity|verify|site|scripts|bench|docs)\/[\w./-]+\.(?:ts|js|cjs|json|md|png))(?!\w)/g,
  );
  const missing = [...paths]
    .map(([path]) => path)
    .filter((path) => !generated.includes(path) && !existsSync(join(root, path)));
  expect(missing).toEqual([]);
});

const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
// A decision record keeps its words when a command is renamed.
const current = files.filter((file) => !file.startsWith("docs/decisions/"));

it.each(current)("%s names only npm scripts that exist", (file) => {
  const names = [...textOf(file).matchAll(/npm\s+run\s+(?:-s\s+)?([a-z][\w:-]*)/g)].map(([, name = ""]) => name);
  expect(names.filter((name) => !(name in scripts))).toEqual([]);
});
