// The command line of npm run verify, and what is wrong with it in one line.
import { parseArgs } from "node:util";
import { decodeJwt } from "jose";
import type { Given } from "./check.ts";

export type Options = {
  readonly api: string;
  readonly given: Given;
  /** Seconds. */
  readonly wait: number;
  readonly timeout: number;
  readonly thumbnailWithin: number;
  readonly requireToken: boolean;
  readonly json: string | undefined;
  readonly junit: string | undefined;
};

export const USAGE =
  "npm run verify -- --url https://HOST [--token T] [--require-token] [--commit SHA] [--allowed-origin O] [--refused-origin O] " +
  "[--production [--with-metrics]] [--workspace GUID] [--wait S] [--timeout S] [--thumbnail-within S] [--json FILE] [--junit FILE]";

/** Wrong input: one line, without a stack. */
export class UsageError extends Error {
  override name = "UsageError";
}

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;

export function readOptions(args: readonly string[], environment: { token: string | undefined; now: Date }): Options {
  const values = parse(args);
  const token = values.token ?? environment.token;
  if (token !== undefined) checkToken(token, environment.now);
  const given = {
    ...(token !== undefined && { token }),
    ...origin("allowed-origin", values["allowed-origin"]),
    ...origin("refused-origin", values["refused-origin"]),
    ...matching("commit", values.commit, { rule: /^[0-9a-f]{7,40}$/, is: "7 to 40 hex digits" }),
    ...matching("workspace", values.workspace, { rule: /^[0-9a-f-]{36}$/i, is: "the workspace's id, a GUID" }),
    ...(values.production && { production: true as const }),
    ...(values["with-metrics"] && { "with-metrics": true as const }),
  };
  return {
    api: apiAt(values.url),
    given,
    wait: seconds("wait", values.wait),
    timeout: seconds("timeout", values.timeout),
    thumbnailWithin: seconds("thumbnail-within", values["thumbnail-within"]),
    requireToken: values["require-token"] === true,
    json: values.json,
    junit: values.junit,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: text,
        token: text,
        commit: text,
        "allowed-origin": text,
        "refused-origin": text,
        workspace: text,
        json: text,
        junit: text,
        "require-token": flag,
        production: flag,
        "with-metrics": flag,
        // A cold start is slow; a deployment that was just made is not there at once.
        timeout: { ...text, default: "30" },
        wait: { ...text, default: "0" },
        "thumbnail-within": { ...text, default: "120" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split("\n")[0]} Usage: ${USAGE}`);
  }
}

function apiAt(given: string | undefined): string {
  if (!given) throw new UsageError(`--url is missing: the deployment to check. Usage: ${USAGE}`);
  const url = URL.parse(given);
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username)
    throw new UsageError(
      `--url must be an http(s):// address without query, received "${given}". Example: --url http://localhost:7071`,
    );
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.origin}${path || "/api"}`;
}

function checkToken(token: string, now: Date): void {
  let expires: number | undefined;
  try {
    expires = decodeJwt(token).exp;
  } catch {
    throw new UsageError(
      "The token is no JWT: paste it whole, without Bearer. Locally: npm run -s token -- --role owner",
    );
  }
  if (expires !== undefined && expires * 1000 <= now.getTime())
    throw new UsageError(`The token expired at ${new Date(expires * 1000).toISOString()}: get a new one.`);
}

function origin(name: "allowed-origin" | "refused-origin", value: string | undefined) {
  // A stage without pages of its own has none to name.
  if (!value) return {};
  if (URL.parse(value)?.origin !== value)
    throw new UsageError(
      `--${name} must be an origin, received "${value}". Example: --${name} https://www.example.com`,
    );
  return { [name]: value };
}

function matching(name: string, value: string | undefined, { rule, is }: { rule: RegExp; is: string }) {
  if (value === undefined) return {};
  if (!rule.test(value)) throw new UsageError(`--${name} must be ${is}, received "${value}".`);
  return { [name]: value };
}

function seconds(name: string, value: string): number {
  const number = Number(value);
  if (!/^\d{1,4}$/.test(value)) throw new UsageError(`--${name} must be whole seconds, received "${value}".`);
  return number;
}
