// The command line of npm run verify.
import { parseArgs } from "node:util";
import { decodeJwt } from "jose";
import type { CheckInput } from "./check.ts";

export type Options = {
  /** URL of the API, such as https://api.example.com/api. */
  readonly api: string;
  readonly input: CheckInput;
  /** Seconds to wait for a deployment that does not respond yet. */
  readonly wait: number;
  /** Seconds for one request. */
  readonly timeout: number;
  /** Seconds for a thumbnail. */
  readonly thumbnailTimeout: number;
  readonly requireToken: boolean;
  readonly json: string | undefined;
};

const USAGE =
  "npm run verify -- --url https://HOST [--token T] [--require-token] [--commit SHA] [--allowed-origin O] [--rejected-origin O] " +
  "[--production [--with-metrics]] [--workspace GUID] [--wait S] [--timeout S] [--thumbnail-within S] [--json FILE]";

/** Invalid input: one line, without a stack. */
export class UsageError extends Error {
  override name = "UsageError";
}

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const options = {
  url: text,
  token: text,
  commit: text,
  "allowed-origin": text,
  "rejected-origin": text,
  workspace: text,
  json: text,
  "require-token": flag,
  production: flag,
  "with-metrics": flag,
  wait: { ...text, default: "0" },
  timeout: { ...text, default: "30" },
  "thumbnail-within": { ...text, default: "120" },
} as const;

type Rule = { readonly matches: (value: string) => boolean; readonly is: string };
const origin: Rule = {
  matches: (value) => URL.parse(value)?.origin === value,
  is: "an origin like https://www.example.com",
};
const wholeSeconds: Rule = { matches: (value) => /^\d{1,4}$/.test(value), is: "whole seconds" };
const rules: Partial<Record<keyof typeof options, Rule>> = {
  commit: { matches: (value) => /^[0-9a-f]{7,40}$/.test(value), is: "7 to 40 hex digits" },
  workspace: { matches: (value) => /^[0-9a-f-]{36}$/i.test(value), is: "the workspace's id, a GUID" },
  "allowed-origin": origin,
  "rejected-origin": origin,
  wait: wholeSeconds,
  timeout: wholeSeconds,
  "thumbnail-within": wholeSeconds,
};

const origins = ["allowed-origin", "rejected-origin"] as const;
const inputNames = ["token", ...origins, "commit", "production", "with-metrics", "workspace"] as const;

/** @throws {UsageError} for an invalid command line */
export function readOptions(args: readonly string[], environment: { token: string | undefined; now: Date }): Options {
  const values = parse(args);
  const token = values.token ?? environment.token;
  if (token !== undefined) checkToken(token, environment.now);
  const all = { ...values, token };
  return {
    api: apiAt(values.url),
    // A deployment script passes an empty origin for a stage without pages.
    input: Object.fromEntries(inputNames.flatMap((name) => (all[name] ? [[name, all[name]]] : []))),
    wait: Number(values.wait),
    timeout: Number(values.timeout),
    thumbnailTimeout: Number(values["thumbnail-within"]),
    requireToken: values["require-token"] === true,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split("\n")[0]} Usage: ${USAGE}`);
  }
  for (const [name, { matches, is }] of Object.entries(rules)) {
    const value = values[name as keyof typeof rules] as string | undefined;
    const isUnset = value === undefined || (value === "" && name.endsWith("-origin"));
    if (!isUnset && !matches(value)) throw new UsageError(`--${name} must be ${is}, received "${value}".`);
  }
  return values;
}

function apiAt(value: string | undefined): string {
  if (!value) throw new UsageError(`--url is missing: the deployment to check. Usage: ${USAGE}`);
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username)
    throw new UsageError(
      `--url must be an http(s):// URL without query, received "${value}". Example: --url http://localhost:7071`,
    );
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.origin}${path || "/api"}`;
}

function checkToken(token: string, now: Date): void {
  let expiry: number | undefined;
  try {
    expiry = decodeJwt(token).exp;
  } catch {
    throw new UsageError(
      "The token is not a JWT: pass all of it, without Bearer. Locally: npm run -s token -- --role owner",
    );
  }
  if (expiry !== undefined && expiry * 1000 <= now.getTime())
    throw new UsageError(`The token expired at ${new Date(expiry * 1000).toISOString()}: create a new one.`);
}
