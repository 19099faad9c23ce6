// The rules of import: which file may import which. `npm run check` applies them to every file that git knows.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

type Rule = {
  /** Paths of the importing files. A group can be used in `to` as $1. */
  readonly from: RegExp;
  /** Imports that are rejected: paths from the root of the repository, `npm:name/path` or `node:name`. */
  readonly to: string;
  /** Type imports are permitted. */
  readonly valuesOnly?: true;
  /** The rule also holds for tests and their fixtures. */
  readonly inTests?: true;
  readonly reason: string;
};

export const rules: readonly Rule[] = [
  {
    from: /^functions\/(?!lib\/)([^/]+)\//,
    to: "^functions/(?!lib/|$1/)",
    reason: "A feature imports its own folder and functions/lib/. What two features share belongs to lib/.",
  },
  { from: /^functions\/lib\//, to: "^(?!functions/lib/|npm:|node:)", reason: "lib/ imports nothing above itself." },
  { from: /^functions\//, to: "^(?!functions/|npm:|node:)", reason: "functions/ imports nothing outside itself." },
  { from: /./, to: "^functions/app\\.ts$", inTests: true, reason: "app.ts registers functions when it is imported." },
  {
    from: /^functions\/(?!app\.ts)/,
    to: "^npm:@azure/functions$",
    valuesOnly: true,
    reason: "Only functions/app.ts imports values of @azure/functions.",
  },
  {
    from: /^(functions\/(?!lib\/azure\/)|seed-entity\/)/,
    to: "^npm:@azure/(?!functions$)",
    reason: "Only functions/lib/azure/ imports an Azure SDK. It exports the types that others need.",
  },
  {
    from: /^(functions\/(?!lib\/sharp\.ts)|seed-entity\/|local\/)/,
    to: "^npm:sharp$",
    reason: "Only functions/lib/sharp.ts imports sharp: lazily and with limits.",
  },
  {
    from: /^(functions\/(?!lib\/access\/)|seed-entity\/|local\/)/,
    to: "^npm:jose$",
    reason: "Only functions/lib/access/ imports jose.",
  },
  {
    from: /^functions\/(?!lib\/[^/]+\.ts|lib\/azure\/)/,
    to: "^npm:(applicationinsights|@opentelemetry/)",
    reason: "Telemetry libraries load after the first response: measure with functions/lib/meter.ts.",
  },
  {
    from: /^infra\//,
    to: "^(functions/(?!lib/(names|settings-schema)\\.ts)|local/|seed-entity/)",
    reason: "infra/ imports only functions/lib/names.ts and functions/lib/settings-schema.ts.",
  },
  {
    from: /^infra\//,
    to: "^npm:(cdktf|@cdktf/provider-azurerm)$",
    reason: "The root of these packages loads every resource, for seconds: import the module itself.",
  },
  {
    from: /^seed-entity\//,
    to: "^(?!seed-entity/|scripts/command-line\\.ts|functions/deps\\.ts|functions/lib/(names|settings)\\.ts|npm:|node:)",
    reason:
      "seed-entity/ imports only functions/deps.ts, functions/lib/names.ts, functions/lib/settings.ts and the command line.",
  },
  {
    from: /^verify\//,
    to: "^(?!verify/|scripts/command-line\\.ts|npm:(?!@azure/)|node:)",
    reason:
      "verify/ checks a deployment from outside: it imports the command line, else nothing of ours, and no Azure SDK.",
  },
  {
    from: /^site\//,
    to: "^(?!site/|scripts/command-line\\.ts|npm:|node:)",
    reason: "site/ is built without the backend: it imports its own folder and the command line.",
  },
  {
    from: /^console\//,
    to: "^(?!console/|functions/|npm:(zod|preact|uplot)(/|$))",
    reason: "console/ runs in the browser: it imports its own folder, Preact, uPlot, and types.",
  },
  {
    from: /^console\//,
    to: "^(functions/|npm:zod$)",
    valuesOnly: true,
    reason: "console/ runs in the browser: of the app and its schemas it imports types only.",
  },
  {
    from: /^local\/(?!start\.ts|token\.ts)/,
    to: "^functions/(?!lib/names\\.ts)",
    reason: "The local Azure imports only functions/lib/names.ts.",
  },
  {
    from: /^local\/(start|token)\.ts/,
    to: "^functions/(?!lib/(names|settings|settings-schema)\\.ts|lib/access/)",
    reason: "These two also read the settings and sign tokens, and import nothing else of functions/.",
  },
  {
    from: /^local\/host\/worker/,
    to: "^functions/",
    reason: "The worker loads the app as Azure does: by the main of its package.json.",
  },
  {
    from: /^scripts\/deploy\/([^/]+)/,
    to: "^scripts/deploy/(?!$1/)(laptop|pipeline)/",
    reason:
      "A deployment does not know who starts it: laptop/ and pipeline/ import the other folders, and not each other.",
  },
];

const TEST_SUPPORT = /\.(test|fixture|simulation)\.ts$|\/fixtures\//;

type Import = { readonly target: string; readonly typeOnly: boolean };

function resolveSpecifier(file: string, specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier.startsWith(".") ? join(file, "..", specifier) : `npm:${specifier}`;
}

/** The static, dynamic and type imports of a file as Biome formats it. */
function importsOf(file: string, text: string): readonly Import[] {
  const statements = text.matchAll(/^(?:import|export)\s(?:([^"';]*?)\sfrom\s)?"([^"]+)"/gm);
  const dynamic = text.matchAll(/\bimport\("([^"]+)"\)/g);
  return [
    ...[...statements].map(([, clause = "", specifier = ""]) => ({
      target: resolveSpecifier(file, specifier),
      typeOnly: /^type\s/.test(clause) || /^\{(\s*type\s[^,}]+,?)+\s*\}$/.test(clause),
    })),
    ...[...dynamic].map(([, specifier = ""]) => ({ target: resolveSpecifier(file, specifier), typeOnly: false })),
  ];
}

/** One line for each import that a rule rejects: file, import and reason. */
export function violationsOf(file: string, text: string): readonly string[] {
  const isTest = TEST_SUPPORT.test(file);
  return rules.flatMap(({ from, to, valuesOnly, inTests, reason }) => {
    const match = from.exec(file);
    if (!match || (isTest && !inTests)) return [];
    const rejected = new RegExp(to.replace("$1", match[1] ?? ""));
    return importsOf(file, text)
      .filter(({ target, typeOnly }) => rejected.test(target) && !(valuesOnly && typeOnly))
      .map(({ target }) => `${file} imports ${target}. ${reason}`);
  });
}

/** The import cycles among the files, each as a path that ends where it begins. Type imports count. */
export function cyclesOf(files: ReadonlyMap<string, string>): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  function visit(file: string, path: readonly string[]) {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (path.includes(file) || done.has(file)) return;
    for (const { target } of importsOf(file, files.get(file) ?? ""))
      if (files.has(target)) visit(target, [...path, file]);
    done.add(file);
  }
  for (const file of files.keys()) visit(file, []);
  return cycles;
}

if (import.meta.main) {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx"]);
  const files = new Map(
    listed
      .toString()
      .split("\n")
      // A file that was deleted and not committed yet is still listed.
      .filter((file) => existsSync(file))
      .map((file) => [file, readFileSync(file, "utf8")]),
  );
  const issues = [...files].flatMap(([file, text]) => violationsOf(file, text));
  const cycles = cyclesOf(files).map((cycle) => `Import cycle: ${cycle}`);
  process.stdout.write(`Checked the imports of ${files.size} files.\n`);
  for (const line of [...issues, ...cycles]) process.stderr.write(`${line}\n`);
  process.exitCode = issues.length + cycles.length > 0 ? 1 : 0;
}
