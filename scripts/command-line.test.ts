// Command lines: parsed in the process, and of every script as a process.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { parseCommandLine, UsageError } from "./command-line.ts";

const command = {
  name: "npm run paint",
  about: "Paints a wall.",
  flags: {
    colour: { value: "NAME", about: "of the paint" },
    coats: { value: "N", about: "of paint", default: "2" },
    "dry-run": { about: "paints nothing" },
  },
} as const;
const parse = (args: readonly string[], env: Record<string, string> = {}) => parseCommandLine(command, args, env);

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  return expect.unreachable();
}

it("reads values, defaults and flags without a value", () => {
  expect(parse([])).toEqual({
    flags: { colour: undefined, coats: "2", "dry-run": false, help: false },
    operands: [],
  });
  const { flags } = parse(["--colour", "red", "--coats=", "--dry-run"]) as Exclude<ReturnType<typeof parse>, string>;
  expect(flags).toMatchObject({ colour: "red", coats: "", "dry-run": true });
});

it("passes a negative number on as a value", () => {
  expect(parse(["--coats", "-5"])).toMatchObject({ flags: { coats: "-5" } });
});

it.each([["--help"], ["-h"], ["--colour", "red", "--help"]])("describes usage and flags for %s", (...args) => {
  expect(parse(args)).toBe(
    `Paints a wall.

Usage: npm run paint -- [--colour NAME] [--coats N] [--dry-run]

  --colour NAME  of the paint
  --coats N      of paint; default 2
  --dry-run      paints nothing
  --help         print this and exit
`,
  );
});

it("describes operands, and a command without flags", () => {
  const operands = { value: "WALL...", about: "to paint" };
  expect(parseCommandLine({ ...command, operands }, ["--help"], {})).toContain("[--dry-run] WALL...\n");
  expect(parseCommandLine({ name: "npm test", about: "Tests." }, ["--help"], {})).toContain("\nUsage: npm test\n");
});

it.each([
  [["--color", "red"], "Unknown flag --color. The flags of npm run paint are --colour, --coats, --dry-run, --help."],
  [["-5"], "Unknown flag -5."],
  [["--__proto__"], "Unknown flag --__proto__."],
  [["--colour"], "--colour needs a value: --colour NAME."],
  [["--colour", "--dry-run"], "--colour needs a value: --colour NAME."],
  [["--colour", "red", "--colour=blue"], "--colour must be given once."],
  [["--dry-run=yes"], '--dry-run takes no value, received "yes".'],
  [["red"], 'Unexpected argument "red". npm run paint takes flags only: --colour, --coats, --dry-run, --help.'],
])("rejects %j with one line", (args, message) => {
  const line = messageOf(() => parse(args));
  expect(line).toContain(message);
  expect(line).not.toContain("\n");
});

describe("a missing -- after npm run", () => {
  // What npm 11 sets for `npm run paint --colour red --dry-run`, which passes on `red` alone.
  const npm = { npm_lifecycle_event: "paint", npm_config_colour: "true", npm_config_dry_run: "true" };

  it("rejects flags that npm kept, and shows where -- belongs", () => {
    expect(messageOf(() => parse(["red"], npm))).toBe(
      "npm kept --colour, --dry-run for itself. Write -- before the flags: npm run paint -- --colour NAME --dry-run",
    );
  });

  it("accepts flags after -- and the environment of a script that npm did not start", () => {
    expect(parse(["--colour", "red", "--dry-run"], npm)).toMatchObject({ flags: { colour: "red" } });
    expect(parse([], { npm_config_colour: "true" })).toMatchObject({ flags: { colour: undefined } });
  });
});

const root = join(import.meta.dirname, "..");
const scripts = [
  ["scripts/run-tests.ts"],
  ["scripts/bundle.ts"],
  ["scripts/package.ts"],
  ["scripts/fuzz.ts"],
  ["local/start.ts"],
  ["local/token.ts"],
  ["scripts/run-seed-entity.ts"],
  ["scripts/terraform/validate.ts"],
  ["scripts/deploy/laptop/run-alert-test.ts"],
  ["scripts/functions-host.ts"],
  ["scripts/lighthouse.ts"],
  ["site/main.ts"],
  ["scripts/deploy/bootstrap/main.ts"],
  ["scripts/deploy/pipeline/deploy.ts"],
  ["scripts/deploy/pipeline/preview.ts"],
  ["scripts/deploy/deployment/settings-compatibility.ts"],
  ["seed-entity/main.ts"],
  ["bench/main.ts"],
  ["infra/main.ts"],
  ["verify/main.ts"],
];

const start = (script: readonly string[], ...args: string[]) =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [...script, ...args], { cwd: root }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });

it.each(scripts.map((script) => [script.join(" "), script] as const))(
  "%s prints its usage for --help",
  async (_, script) => {
    const result = await start(script, "--help");
    expect(result).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^Usage: /m) });
  },
);

it("a script exits without a stack when the reader of its output ends first", async () => {
  const module = JSON.stringify(join(import.meta.dirname, "command-line.ts"));
  const write = `(await import(${module})).readCommandLine({ name: "x", about: "x" });
    setInterval(() => process.stdout.write("line\\n"), 10);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", write], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.once("data", () => child.stdout.destroy());
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
