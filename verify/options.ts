// The command line of npm run verify.
import { decodeJwt } from "jose";
import { type CommandLine, UsageError } from "../scripts/command-line.ts";
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

export const verifyCommand = {
  name: "npm run verify",
  about: "Checks a running deployment from outside.",
  flags: {
    url: { value: "URL", about: "the deployment, such as http://localhost:7071" },
    token: { value: "TOKEN", about: "of an editor or owner, for the image checks; or VERIFY_TOKEN" },
    "require-token": { about: "exits with 3 when there is no token" },
    email: {
      value: "EMAIL",
      about: "of an account, to check sign-in; its password is in VERIFY_PASSWORD, never a flag",
    },
    commit: { value: "SHA", about: "the commit that must run" },
    "allowed-origin": { value: "ORIGIN", about: "a page that may read responses" },
    "rejected-origin": { value: "ORIGIN", about: "a page that may not" },
    production: { about: "also checks what only a laptop may allow" },
    "with-metrics": { about: "expects /metrics to be served" },
    workspace: { value: "GUID", about: "the Log Analytics workspace, for the telemetry check" },
    wait: { value: "S", about: "seconds to wait for a deployment that starts", default: "0" },
    timeout: { value: "S", about: "seconds for one request", default: "30" },
    "thumbnail-within": { value: "S", about: "seconds for a thumbnail", default: "120" },
    json: { value: "FILE", about: "stores the results" },
  },
} as const;

type Flags = CommandLine<typeof verifyCommand.flags>["flags"];

type Rule = { readonly matches: (value: string) => boolean; readonly is: string };
const origin: Rule = {
  matches: (value) => URL.parse(value)?.origin === value,
  is: "an origin like https://www.example.com",
};
const wholeSeconds: Rule = { matches: (value) => /^\d{1,4}$/.test(value), is: "whole seconds" };
const rules: Partial<Record<keyof Flags, Rule>> = {
  commit: { matches: (value) => /^[0-9a-f]{7,40}$/.test(value), is: "7 to 40 hex digits" },
  workspace: { matches: (value) => /^[0-9a-f-]{36}$/i.test(value), is: "the workspace's id, a GUID" },
  "allowed-origin": origin,
  "rejected-origin": origin,
  wait: wholeSeconds,
  timeout: wholeSeconds,
  "thumbnail-within": wholeSeconds,
};

const origins = ["allowed-origin", "rejected-origin"] as const;
const inputNames = ["token", "account", ...origins, "commit", "production", "with-metrics", "workspace"] as const;

type Environment = { readonly token?: string | undefined; readonly password?: string | undefined; readonly now: Date };

/** @throws {UsageError} for an invalid value */
export function readOptions(flags: Flags, environment: Environment): Options {
  checkRules(flags);
  const token = flags.token ?? environment.token;
  if (token !== undefined) checkToken(token, environment.now);
  const all = { ...flags, token, account: accountOf(flags.email, environment.password) };
  return {
    api: apiAt(flags.url),
    // A deployment script passes an empty origin for a stage without pages.
    input: Object.fromEntries(inputNames.flatMap((name) => (all[name] ? [[name, all[name]]] : []))),
    wait: Number(flags.wait),
    timeout: Number(flags.timeout),
    thumbnailTimeout: Number(flags["thumbnail-within"]),
    requireToken: flags["require-token"],
    json: flags.json,
  };
}

function accountOf(email: string | undefined, password: string | undefined): CheckInput["account"] {
  if (!email) return undefined;
  if (password !== undefined) return { email, password };
  throw new UsageError(
    "VERIFY_PASSWORD is missing: the password of --email. It belongs into the environment, since other users of the machine can read arguments.",
  );
}

function checkRules(flags: Flags): void {
  for (const [name, { matches, is }] of Object.entries(rules)) {
    const value = flags[name as keyof typeof rules] as string | undefined;
    const isUnset = value === undefined || (value === "" && name.endsWith("-origin"));
    if (!isUnset && !matches(value)) throw new UsageError(`--${name} must be ${is}, received "${value}".`);
  }
}

function apiAt(value: string | undefined): string {
  if (!value) throw new UsageError("--url is missing: the deployment to check. Example: --url http://localhost:7071");
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
