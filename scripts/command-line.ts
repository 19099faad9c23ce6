// The command line of every script: its flags, --help, and one line for each mistake, such as a missing -- after npm run.
import { parseArgs } from "node:util";

type Flag = {
  /** Placeholder of the value, such as N; a flag without one takes no value. */
  readonly value?: string;
  readonly about: string;
  readonly default?: string;
};
type Flags = Readonly<Record<string, Flag>>;

export type Command<F extends Flags = Flags> = {
  /** As a user types it, such as `npm run token`. */
  readonly name: string;
  readonly about: string;
  readonly flags?: F;
  /** Arguments that are not flags. @default none */
  readonly operands?: { readonly value: string; readonly about: string };
};

type Values<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { value: string }
    ? F[K] extends { default: string }
      ? string
      : string | undefined
    : boolean;
};
export type CommandLine<F extends Flags> = { readonly flags: Values<F>; readonly operands: readonly string[] };

/** Invalid input of a user: one line, without a stack. */
export class UsageError extends Error {
  override name = "UsageError";
}

const HELP: Flag = { about: "print this and exit" };
const written = (name: string, { value }: Flag) => (value ? `--${name} ${value}` : `--${name}`);
/** npm passes flags on only after `--`. */
const beforeFlags = ({ name }: Command) => (/^npm (?:run |start|test)/.test(name) ? `${name} --` : name);

function flagsOf({ flags = {} }: Command): Flags {
  return { ...flags, help: HELP };
}

function helpOf(command: Command): string {
  const { name, about, flags = {}, operands } = command;
  const shown = Object.entries(flags).map(([flag, what]) => `[${written(flag, what)}]`);
  if (operands) shown.push(operands.value);
  const rows = [
    ...(operands ? [[operands.value, operands.about]] : []),
    ...Object.entries(flagsOf(command)).map(([flag, what]) => [
      written(flag, what),
      what.default ? `${what.about}; default ${what.default}` : what.about,
    ]),
  ];
  const width = Math.max(...rows.map(([start = ""]) => start.length));
  const usage = shown.length > 0 ? [beforeFlags(command), ...shown].join(" ") : name;
  const table = rows.map(([start = "", text]) => `  ${start.padEnd(width)}  ${text}`);
  return [about, "", `Usage: ${usage}`, "", ...table, ""].join("\n");
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @returns the values by flag, or the text of --help
 * @throws {UsageError} for an unknown or repeated flag, a missing value, an unexpected argument, or a flag that npm kept
 */
export function parseCommandLine<const F extends Flags>(
  command: Command<F>,
  args: readonly string[],
  env: Environment,
): CommandLine<F> | string {
  const known = flagsOf(command);
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { value }]) => [
      name,
      { type: value ? ("string" as const) : ("boolean" as const) },
    ]),
  );
  // Not strict, so that the messages are ours: they name the known flags, and -5 can be a value.
  const { tokens, positionals } = parseArgs({
    args: args.map((arg) => (arg === "-h" ? "--help" : arg)),
    options,
    strict: false,
    tokens: true,
  });
  const names = Object.keys(known).map((name) => `--${name}`);
  const values: Record<string, string | boolean> = {};
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const flag = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!flag || !rawName.startsWith("--"))
      throw new UsageError(`Unknown flag ${rawName}. The flags of ${command.name} are ${names.join(", ")}.`);
    if (!flag.value && value !== undefined) throw new UsageError(`--${name} takes no value, received "${value}".`);
    if (flag.value && (value === undefined || (!token.inlineValue && value.startsWith("--"))))
      throw new UsageError(`--${name} needs a value: ${written(name, flag)}.`);
    if (flag.value && values[name] !== undefined) throw new UsageError(`--${name} must be given once.`);
    values[name] = value ?? true;
  }
  if (values.help) return helpOf(command);

  const kept = Object.keys(known).filter((name) => values[name] === undefined && isKeptByNpm(name, env));
  if (kept.length > 0)
    throw new UsageError(
      `npm kept ${kept.map((name) => `--${name}`).join(", ")} for itself. Write -- before the flags: ` +
        `${[beforeFlags(command), ...kept.map((name) => written(name, known[name] as Flag))].join(" ")}`,
    );
  const [unexpected] = positionals;
  if (unexpected !== undefined && !command.operands)
    throw new UsageError(
      `Unexpected argument "${unexpected}". ${command.name} takes ${Object.keys(known).length > 1 ? `flags only: ${names.join(", ")}` : "none"}.`,
    );
  const flags = Object.fromEntries(
    Object.entries(known).map(([name, flag]) => [name, values[name] ?? (flag.value ? flag.default : false)]),
  );
  return { flags: flags as Values<F>, operands: positionals };
}

/** `npm run x --role owner` sets npm_config_role, and passes on `owner` alone. */
function isKeptByNpm(name: string, env: Environment): boolean {
  return env.npm_lifecycle_event !== undefined && env[`npm_config_${name.replaceAll("-", "_")}`] !== undefined;
}

/**
 * Reads the command line of this process. Prints and exits by itself for --help and for a mistake.
 * @param exitCode for a mistake
 */
export function readCommandLine<const F extends Flags>(command: Command<F>, { exitCode = 1 } = {}): CommandLine<F> {
  endQuietlyWithReader();
  try {
    const result = parseCommandLine(command, process.argv.slice(2), process.env);
    if (typeof result !== "string") return result;
    process.stdout.write(result);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(exitCode);
  }
}

/** In `npm run x | head` the reader of the output can end first, which is no error of the script. */
function endQuietlyWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
}
