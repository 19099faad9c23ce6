// The format of log lines, and errors of any shape.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "./errors.ts";
import { createLog, describeError, setLogLevel } from "./log.ts";
import { runInContext } from "./request-context.ts";

function recorder() {
  const lines: [level: string, line: string][] = [];
  const write = (level: string) => (line: string) => lines.push([level, line]);
  return {
    lines,
    log: createLog({ debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") }),
  };
}

describe("log", () => {
  it("writes one JSON line per event to the sink of its level", () => {
    const { lines, log } = recorder();
    log.info("one");
    log.warn("two", { page: "a\nb" });
    log.error("three", { error: new Error("broken") });
    expect(lines.map(([level]) => level)).toEqual(["info", "warn", "error"]);
    expect(lines.every(([, line]) => !line.includes("\n"))).toBe(true);
    expect(lines.map(([, line]) => JSON.parse(line))).toMatchObject([
      { level: "info", message: "one" },
      { level: "warn", message: "two", page: "a\nb" },
      { level: "error", message: "three", error: { name: "Error", message: "broken" } },
    ]);
  });

  it("writes timestamp and request context before the caller's fields", async () => {
    const { lines, log } = recorder();
    const context = { traceId: "a".repeat(32), operationId: "b".repeat(32), function: "thumbnail", invocationId: "7" };
    await runInContext(context, async () => {
      await Promise.resolve();
      log.warn("late", { image: "x" });
    });
    const [[, line = ""] = []] = lines;
    expect(line).toMatch(
      /^\{"timestamp":"\d{4}-\d\d-\d\dT[\d:.]+Z","level":"warn","message":"late","trace_id":"a{32}","operation_id":"b{32}","function":"thumbnail","invocation_id":"7","image":"x"\}$/,
    );
    log.info("alone");
    expect(JSON.parse(lines[1]?.[1] ?? "")).not.toHaveProperty("trace_id");
  });

  it("omits log lines below the configured level", () => {
    const { lines, log } = recorder();
    const all = () => (["debug", "info", "warn", "error"] as const).map((level) => log[level]("x"));
    all();
    expect(lines.splice(0).map(([level]) => level)).toEqual(["info", "warn", "error"]);
    try {
      setLogLevel("error");
      all();
      expect(lines.splice(0).map(([level]) => level)).toEqual(["error"]);
      setLogLevel("debug");
      all();
      expect(lines.splice(0).map(([level]) => level)).toEqual(["debug", "info", "warn", "error"]);
    } finally {
      setLogLevel("info");
    }
  });

  it("calls its sink as a method, which an invocation context requires", () => {
    class Context {
      readonly lines: string[] = [];
      #write(line: string) {
        this.lines.push(line);
      }
      info(line: string) {
        this.#write(line);
      }
      debug = this.info;
      warn = this.info;
      error = this.info;
    }
    const context = new Context();
    createLog(context).info("event");
    expect(context.lines).toHaveLength(1);
  });
});

describe("describeError", () => {
  it("copies name, message, code, status, stack and chain of causes", () => {
    const deepest = Object.assign(new Error("reset"), { code: "ECONNRESET" });
    const middle = Object.assign(new TypeError("fetch failed", { cause: deepest }), { statusCode: 503 });
    const described = describeError(new AppError("DEPENDENCY_UNAVAILABLE", "The table failed", { cause: middle }));
    expect(described).toEqual({
      name: "AppError",
      message: "The table failed",
      code: "DEPENDENCY_UNAVAILABLE",
      stack: expect.stringContaining("log.test"),
      cause: {
        name: "TypeError",
        message: "fetch failed",
        statusCode: 503,
        stack: expect.any(String),
        cause: { name: "Error", message: "reset", code: "ECONNRESET", stack: expect.any(String) },
      },
    });
  });

  it("copies nothing else, since an SDK's error holds requests with tokens", () => {
    const thrown = Object.assign(new Error("x"), {
      request: { headers: { authorization: "Bearer secret" } },
      response: { bodyAsText: "secret" },
      details: "secret",
      code: { secret: 1 },
    });
    expect(JSON.stringify(describeError(thrown))).not.toContain("secret");
    expect(describeError({ token: "secret" })).toBe("non-error object");
  });

  it("cuts off a circular chain of causes", () => {
    const thrown = new Error("x");
    thrown.cause = thrown;
    expect(JSON.stringify(describeError(thrown)).length).toBeLessThan(100_000);
  });

  const throwingGetter = (property: string) =>
    Object.defineProperty(new Error("x"), property, {
      get() {
        throw new Error("no");
      },
    });
  const { proxy: revoked, revoke } = Proxy.revocable(new Error("x"), {});
  revoke();

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a symbol", Symbol("s")],
    ["a bigint", 1n],
    ["a function", () => 1],
    ["an object without prototype", Object.create(null)],
    ["a name that is a bigint", Object.assign(new Error("x"), { name: 1n })],
    ["a message that is an object without prototype", Object.assign(new Error("x"), { message: Object.create(null) })],
    ["a message that cannot be read", throwingGetter("message")],
    ["a cause that cannot be read", throwingGetter("cause")],
    ["a code that cannot be read", throwingGetter("code")],
    ["no stack", Object.assign(new Error("x"), { stack: undefined })],
    ["a revoked proxy", revoked],
  ])("returns a value that JSON can represent for %s", (_, thrown) => {
    expect(typeof JSON.stringify(describeError(thrown))).toBe("string");
    const { lines, log } = recorder();
    log.error("failed", { error: new Error("outer", { cause: thrown }) });
    expect(JSON.parse(lines[0]?.[1] ?? "")).toMatchObject({ message: "failed", error: { message: "outer" } });
  });

  it("returns a value that JSON can represent for arbitrary values", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (thrown) => {
        expect(typeof JSON.stringify(describeError(thrown))).toBe("string");
      }),
    );
  });
});
