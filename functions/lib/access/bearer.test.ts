// Which Authorization headers have a token, and how the others are rejected.
import { expect, it } from "vitest";
import { parseBearer } from "./bearer.ts";

function rejection(authorization: string | null): unknown {
  try {
    return expect.fail(`accepted ${parseBearer(authorization)}`);
  } catch (error) {
    return error;
  }
}

it("accepts any case and spacing of the word Bearer (RFC 9110 section 11.1, RFC 6750 section 2.1)", () => {
  for (const scheme of ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
    expect(parseBearer(`${scheme}a-_.b.c`)).toBe("a-_.b.c");
});

it("rejects a missing Authorization header with a challenge without error code (RFC 6750 section 3.1)", () => {
  expect(rejection(null)).toMatchObject({
    code: "UNAUTHENTICATED",
    headers: { "WWW-Authenticate": 'Bearer realm="vitae"' },
  });
});

it.each([
  ["no token", "Bearer ", "received no token: check the variable that holds it"],
  ["quotes", 'Bearer "a.b.c"', "received no JWT after Bearer: send the token without quotes"],
  ["another scheme", "Basic YTpi", "received no Bearer: write it before the token"],
  ["a bare token", "a.b.c", "received no Bearer: write it before the token"],
])("describes an Authorization header with %s and never repeats it", (_, header, part) => {
  expect(rejection(header)).toMatchObject({
    code: "UNAUTHENTICATED",
    message: `The Authorization header must be: Bearer <token>; ${part}.`,
  });
});

it.each<[string, string]>([
  ["an empty value", ""],
  ["another scheme", "Basic YWRhOmh1bnRlcjI="],
  ["the scheme alone", "Bearer"],
  ["no space", "Bearera.b.c"],
  ["two segments", "Bearer a.b"],
  ["four segments", "Bearer a.b.c.d"],
  ["two tokens", "Bearer a.b.c, Bearer a.b.c"],
  ["characters outside of base64url", "Bearer a+.b/.c="],
  ["a huge value", `Bearer ${"a".repeat(200_000)}`],
  ["a huge token", `Bearer ${"a".repeat(100_000)}.${"b".repeat(100_000)}.c`],
  ["a token of more than 16,384 characters", `Bearer ${"a".repeat(16_381)}.b.c`],
  ["200,000 spaces", `Bearer${" ".repeat(200_000)}x`],
])("rejects an Authorization header with %s as UNAUTHENTICATED", (_, header) => {
  expect(rejection(header)).toMatchObject({
    code: "UNAUTHENTICATED",
    headers: { "WWW-Authenticate": 'Bearer realm="vitae", error="invalid_token"' },
  });
});
