// A security event is one log line and one measurement, which the alert reads.
import { expect, it } from "vitest";
import { createLog } from "./log.ts";
import { logSecurityEvent } from "./security-event.ts";

it("a security event is logged as a warning with its ids and counted by its name", () => {
  const lines: unknown[] = [];
  const measured: unknown[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = createLog({ debug: write, info: write, warn: write, error: write });
  const meter = { measure: (...values: unknown[]) => void measured.push(values) };
  logSecurityEvent({ log, meter }, "refresh-token-reused", { user: "owner", session: "s1" });
  const fields = { event: "refresh-token-reused", user: "owner", session: "s1" };
  expect(lines).toMatchObject([{ level: "warn", message: "security-event", ...fields }]);
  expect(measured).toEqual([["security_events", 1, { event: "refresh-token-reused" }]]);
});
