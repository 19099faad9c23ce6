// Cookies: which are read, which requests may use them, and what is ambiguous.
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { readCookies, requireOwnOrigin } from "./cookies.ts";

const NAME = "__Secure-vitae-refresh";

describe("readCookies", () => {
  it.each([
    [null, {}],
    ["", {}],
    [`${NAME}=a.b-c_d`, { [NAME]: "a.b-c_d" }],
    [`theme=dark; ${NAME}=abc ;x`, { [NAME]: "abc" }],
    [`${NAME}="abc"`, { [NAME]: "abc" }],
    [`${NAME}=a=b`, { [NAME]: "a=b" }],
    [`${NAME}=`, { [NAME]: "" }],
    [`theme=dark,${NAME}=abc`, { [NAME]: "abc" }],
    ["theme=1; theme=2; =x; constructor=y", {}],
    [`x${NAME}=abc; ${NAME.toLowerCase()}=abc`, {}],
  ])("reads %j as %j", (header, cookies) => {
    expect(readCookies(header, [NAME])).toEqual(cookies);
  });

  it.each([
    ["is repeated", `${NAME}=hunter2; ${NAME}=hunter2`],
    ["is repeated in a second header", `${NAME}=hunter2,${NAME}=hunter2`],
    ["has a space", `${NAME}=hunter2 hunter2`],
    ["has a backslash", `${NAME}=hunter2\\`],
    ["has one quote", `${NAME}="hunter2`],
    ["is not ASCII", `${NAME}=hunter2é`],
    ["is in a header above 8 KiB", `${NAME}=hunter2;${"x".repeat(9_000)}`],
  ])("rejects a cookie that %s, and does not repeat it", (_, header) => {
    const { code, message } = thrownBy(() => readCookies(header, [NAME]));
    expect([code, message]).toEqual(["VALIDATION_FAILED", expect.not.stringContaining("hunter2")]);
  });

  it("ignores the header of an operation without cookies", () => {
    expect(readCookies(`a=1; a=2;${"x".repeat(9_000)}`, [])).toEqual({});
  });
});

describe("requireOwnOrigin", () => {
  const settings = { APP_ORIGINS: ["https://vitae.example", "http://localhost:7071"] };
  const check = (headers: Record<string, string>, own = settings) =>
    requireOwnOrigin({ headers: new Headers(headers) }, own);

  it.each(settings.APP_ORIGINS)("accepts %s", (origin) => {
    expect(() => check({ origin })).not.toThrow();
  });

  it.each<Record<string, string>>([
    {},
    { host: "vitae.example" },
    { host: "vitae.example", "x-forwarded-host": "vitae.example", referer: "https://vitae.example/" },
    { origin: "" },
    { origin: "null" },
    { origin: "http://vitae.example" },
    { origin: "https://vitae.example:8443" },
    { origin: "https://vitae.example.evil.example", host: "vitae.example.evil.example" },
    { origin: "https://vitae.example, https://vitae.example" },
    { origin: "https://VITAE.example" },
  ])("rejects %j with FORBIDDEN", (headers) => {
    expect(thrownBy(() => check(headers)).code).toBe("FORBIDDEN");
  });

  it("rejects every origin of a deployment that has none of its own", () => {
    expect(thrownBy(() => check({ origin: "https://vitae.example" }, { APP_ORIGINS: [] })).code).toBe("FORBIDDEN");
  });
});

function thrownBy(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  return expect.fail("did not throw an AppError");
}
