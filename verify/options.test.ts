// The command line of npm run verify: what it becomes, and one line for whatever is wrong with it.
import { expect, it } from "vitest";
import { readOptions, UsageError } from "./options.ts";

const url = ["--url", "https://api.example.com"];
const now = new Date("2026-11-21T12:00:00Z");
const read = (args: readonly string[], token?: string) => readOptions(args, { token, now });
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
])("finds the API at %s", (given, api) => {
  expect(read(["--url", given]).api).toBe(api);
});

it("asks nothing of what was not given, and knows how long to wait", () => {
  expect(read([...url, "--allowed-origin", ""]).given).toEqual({});
  expect(read(url)).toMatchObject({ given: {}, wait: 0, timeout: 30, thumbnailWithin: 120, requireToken: false });
});

it("takes the token of the environment, unless another is given", () => {
  const [environment, other] = [tokenUntil(IN_AN_HOUR), tokenUntil(IN_AN_HOUR + 1)];
  expect(read(url, environment).given.token).toBe(environment);
  expect(read([...url, "--token", other], environment).given.token).toBe(other);
});

it.each([
  ["no address", [], "--url is missing"],
  [
    "an address that is none",
    ["--url", "api.example.com"],
    '--url must be an http(s):// address without query, received "api.example.com"',
  ],
  ["an address of something else", ["--url", "ftp://example.com"], "--url must be an http(s)://"],
  ["a flag that is none", [...url, "--tokn", "x"], "--tokn"],
  ["a token that is none", [...url, "--token", "hunter2"], "The token is no JWT"],
  [
    "an expired token",
    [...url, "--token", tokenUntil(now.getTime() / 1000)],
    "The token expired at 2026-11-21T12:00:00.000Z",
  ],
  ["an origin with a path", [...url, "--allowed-origin", "https://example.com/"], "--allowed-origin must be an origin"],
  ["a commit that is none", [...url, "--commit", "main"], "--commit must be 7 to 40 hex digits"],
  ["a workspace's name", [...url, "--workspace", "vitae-logs"], "--workspace must be the workspace's id"],
  ["a time that is none", [...url, "--wait", "1m"], "--wait must be whole seconds"],
] as const)("says in one line what is wrong with %s, without the token", (_, args, message) => {
  try {
    read(args);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(UsageError);
    expect((thrown as Error).message).toContain(message);
    expect((thrown as Error).message).not.toMatch(/\n|hunter2/);
    return;
  }
  expect.unreachable();
});
