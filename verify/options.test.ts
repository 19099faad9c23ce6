import { expect, it } from "vitest";
import { type CommandLine, parseCommandLine, UsageError } from "../scripts/command-line.ts";
import { readOptions, verifyCommand } from "./options.ts";

const url = ["--url", "https://api.example.com"];
const now = new Date("2026-11-21T12:00:00Z");
const read = (args: readonly string[], token?: string, password?: string) => {
  const { flags } = parseCommandLine(verifyCommand, args, {}) as CommandLine<typeof verifyCommand.flags>;
  return readOptions(flags, { token, password, now });
};
const tokenUntil = (exp: number) =>
  [{ alg: "EdDSA" }, { exp }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".")
    .concat(".c2ln");
const IN_AN_HOUR = now.getTime() / 1000 + 3600;

it.each([
  ["https://api.example.com", "https://api.example.com/api"],
  ["https://api.example.com/", "https://api.example.com/api"],
  ["https://api.example.com/api/", "https://api.example.com/api"],
  ["http://localhost:7071/elsewhere", "http://localhost:7071/elsewhere"],
])("derives the URL of the API from %s", (given, api) => {
  expect(read(["--url", given]).api).toBe(api);
});

it("has defaults and no input without options", () => {
  expect(read([...url, "--allowed-origin", ""]).input).toEqual({});
  expect(read(url)).toMatchObject({ input: {}, wait: 0, timeout: 30, thumbnailTimeout: 120, requireToken: false });
});

it("reads the token of the environment unless --token is given", () => {
  const [environment, other] = [tokenUntil(IN_AN_HOUR), tokenUntil(IN_AN_HOUR + 1)];
  expect(read(url, environment).input.token).toBe(environment);
  expect(read([...url, "--token", other], environment).input.token).toBe(other);
});

it("reads the account of --email with the password of the environment", () => {
  expect(read([...url, "--email", "ada@ada.dev"], undefined, "pass word").input).toEqual({
    account: { email: "ada@ada.dev", password: "pass word" },
  });
  expect(read(url, undefined, "pass word").input).toEqual({});
});

it.each([
  ["a missing URL", [], "--url is missing"],
  [
    "a URL without scheme",
    ["--url", "api.example.com"],
    '--url must be an http(s):// URL without query, received "api.example.com"',
  ],
  ["a URL of another scheme", ["--url", "ftp://example.com"], "--url must be an http(s)://"],
  ["an account without a password", [...url, "--email", "ada@ada.dev"], "VERIFY_PASSWORD is missing"],
  ["a password as a flag", [...url, "--password", "hunter2"], "--password"],
  ["an unknown option", [...url, "--tokn", "x"], "--tokn"],
  ["a token that is not a JWT", [...url, "--token", "hunter2"], "The token is not a JWT"],
  [
    "an expired token",
    [...url, "--token", tokenUntil(now.getTime() / 1000)],
    "The token expired at 2026-11-21T12:00:00.000Z",
  ],
  ["an origin with a path", [...url, "--allowed-origin", "https://example.com/"], "--allowed-origin must be an origin"],
  ["a commit that is not hexadecimal", [...url, "--commit", "main"], "--commit must be 7 to 40 hex digits"],
  ["the name of a workspace", [...url, "--workspace", "vitae-logs"], "--workspace must be the workspace's id"],
  ["a time with a unit", [...url, "--wait", "1m"], "--wait must be whole seconds"],
] as const)("rejects %s with one line that does not contain the token", (_, args, message) => {
  try {
    read(args);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toMatch(/\n|hunter2/);
    return;
  }
  expect.unreachable();
});
