// What clients may rely on: the codes and statuses of docs/errors.md, and which messages they may read.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AppError, asAppError, errorCodes, publicMessage, statusOf } from "./errors.ts";

const documentation = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

test("every error code has the status that docs/errors.md promises", () => {
  const promised = [...documentation.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
  expect(errorCodes.map((code) => [code, statusOf(code)])).toEqual(promised);
});

test.each(errorCodes)("the message of %s is public only if its status is below 500", (code) => {
  const message = publicMessage(new AppError(code, "password=hunter2"));
  expect(message.includes("hunter2")).toBe(statusOf(code) < 500);
  expect(message).not.toBe("");
});

test("retryAfter becomes the header Retry-After, in seconds", () => {
  const { headers } = new AppError("RATE_LIMITED", "x", { headers: { RateLimit: "a" }, retryAfter: 7 });
  expect(headers).toEqual({ RateLimit: "a", "Retry-After": "7" });
});

test("asAppError keeps an AppError and wraps any other value as INTERNAL with its cause", () => {
  const appError = new AppError("CONFLICT", "x", { cause: new TypeError("x") });
  expect(asAppError(appError)).toBe(appError);
  for (const thrown of [new TypeError("x"), undefined, null, "text", 7, Symbol("s"), { code: "NOT_FOUND" }])
    expect(asAppError(thrown)).toMatchObject({ code: "INTERNAL", cause: thrown });
});
