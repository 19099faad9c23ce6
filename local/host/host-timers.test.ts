// Timer functions, on their schedule and by POST /admin/functions/{name}.
import { expect, test } from "vitest";
import { start } from "./host.fixture.ts";
import { parseSchedule } from "./timer-trigger.ts";

const env = { SCHEDULE: "0 0 12 21 6 *" };
const post = (url: string, body: string, type = "application/json") =>
  fetch(url, { method: "POST", body, headers: { "content-type": type } });

test("a timer with runOnStartup runs at once, with the input and trace of Azure", async () => {
  const { line } = await start("timers", { env });
  const { timer, trace } = JSON.parse(await line(/"timer"/));
  expect(timer).toEqual({
    schedule: { adjustForDST: true },
    scheduleStatus: {
      last: "0001-01-01T00:00:00",
      next: expect.stringMatching(/-06-21T12:00:00.000Z$/),
      lastUpdated: "0001-01-01T00:00:00",
    },
    isPastDue: false,
  });
  expect(trace).toMatch(/^00-[0-9a-f]{32}-/);
});

test("a timer runs on its schedule", async () => {
  const { line } = await start("timers", { env });
  await line(/^tick$/);
});

test("a timer function that fails is logged with its name, invocation and stack", async () => {
  const { line } = await start("timers", { env });
  await line(/^Function failing failed \(invocation [0-9a-f-]{36}\):$/);
  await line(/Error: the timer broke/);
});

test("an invalid schedule and a missing setting are logged with the function's name", async () => {
  const { line } = await start("timers");
  await line(/^Function invalid never runs: schedule "every day" must be NCRONTAB/);
  await line(/^Function at-start never runs: %SCHEDULE% names a missing setting; add SCHEDULE/);
});

test("POST /admin/functions/{name} runs a timer function with its input", async () => {
  const { url, line } = await start("timers", { env });
  expect((await post(`${url}/admin/functions/midsummer`, '{"input":"{\\"by\\":\\"hand\\"}"}')).status).toBe(202);
  await line(/^run with {"by":"hand"}$/);
  expect((await post(`${url}/admin/functions/midsummer`, "{}")).status).toBe(202);
  await line(/^run with {"schedule"/);
});

test.each(["AzureWebJobs.at-start.Disabled", "AzureWebJobs_at-start_Disabled"])(
  "a function disabled by the setting %s runs by hand only",
  async (setting) => {
    const { url, line, lines } = await start("timers", { env: { ...env, [setting]: "True" } });
    await line(/Error: the timer broke/);
    expect((await post(`${url}/admin/functions/at-start`, '{"input":"{\\"by\\":\\"hand\\"}"}')).status).toBe(202);
    await line(/"timer":{"by":"hand"}/);
    expect(lines.filter((each) => each.includes('"timer"'))).toHaveLength(1);
  },
);

test("the admin API rejects unknown functions, malformed bodies and content types that a foreign page could send", async () => {
  const { url } = await start("timers", { env });
  expect((await post(`${url}/admin/functions/none`, "{}")).status).toBe(404);
  expect((await post(`${url}/admin/functions/midsummer`, "no JSON")).status).toBe(400);
  expect((await post(`${url}/admin/functions/midsummer`, "{}", "text/plain")).status).toBe(415);
});

test("the admin API rejects the Origin of a foreign page, and its preflight gets no CORS headers", async () => {
  const { url } = await start("timers", { env, cors: ["*"] });
  const call = (origin: string, method = "POST") =>
    fetch(`${url}/admin/functions/midsummer`, {
      method,
      headers: { origin, "content-type": "application/json", "access-control-request-method": "POST" },
      ...(method === "POST" && { body: "{}" }),
    });
  for (const origin of ["https://evil.example", "null", "http://localhost:1"]) {
    expect((await call(origin)).status).toBe(403);
    expect((await call(origin, "OPTIONS")).headers.get("access-control-allow-origin")).toBeNull();
  }
  expect((await call(url)).status).toBe(202);
});

test.each([
  ["0 */5 * * * *", "2026-01-01T00:02:00Z", "2026-01-01T00:05:00.000Z"],
  ["*/15 * * * *", "2026-01-01T00:02:00Z", "2026-01-01T00:15:00.000Z"],
  ["0 30 9 * * Mon-Fri", "2026-01-03T00:00:00Z", "2026-01-05T09:30:00.000Z"],
  ["0 0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-02-13T00:00:00.000Z"],
])("the next occurrence of %s after %s is %s", (expression, after, next) => {
  expect(parseSchedule(expression).nextRun(new Date(after))?.toISOString()).toBe(next);
});
