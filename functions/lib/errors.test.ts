// Codes, their statuses, and who may read what an error says.
import { expect, test } from "vitest";
import { AppError, asAppError, type ErrorCode, publicMessage, statusOf } from "./errors.ts";

const statuses: Record<ErrorCode, number> = {
  VALIDATION_FAILED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE_IMAGE: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  DEPENDENCY_UNAVAILABLE: 503,
};
const codes = Object.entries(statuses) as [ErrorCode, number][];

test.each(codes)("%s has status %i", (code, status) => {
  expect(statusOf(code)).toBe(status);
  expect(new AppError(code, "x").status).toBe(status);
});

test.each(codes)("the message of %s reaches the caller only if its status, %i, is below 500", (code, status) => {
  const shown = publicMessage(new AppError(code, "password=hunter2"));
  expect(shown.includes("hunter2")).toBe(status < 500);
  expect(shown).not.toBe("");
});

test("Retry-After stands among the other headers, in seconds", () => {
  const { headers } = new AppError("RATE_LIMITED", "x", { headers: { RateLimit: "a" }, retryAfter: 7 });
  expect(headers).toEqual({ RateLimit: "a", "Retry-After": "7" });
});

test("an error keeps its cause, and what was not thrown on purpose is INTERNAL", () => {
  const cause = new TypeError("x");
  expect(asAppError(cause)).toMatchObject({ code: "INTERNAL", cause });
  const own = new AppError("CONFLICT", "x", { cause });
  expect(asAppError(own)).toBe(own);
  for (const thrown of [undefined, null, "text", 7, Symbol("s"), { code: "NOT_FOUND" }])
    expect(asAppError(thrown)).toMatchObject({ code: "INTERNAL", cause: thrown });
});
