// Sends samples through the synthesized workflow, which a small server runs in the place of Logic Apps.
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { notify } from "../infra/alerting/notifier.simulation.ts";
import { SUBSCRIPTION } from "../infra/alerting/payloads.fixture.ts";
import { slackFaults } from "../infra/alerting/slack-limits.simulation.ts";
import { type State, sampleAlert, sendAlert } from "./send-alert.ts";

const WORKFLOW = `/subscriptions/${SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Logic/workflows/w`;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Stand = { readonly slack?: Parameters<typeof notify>[1]; readonly status?: number; readonly runId?: string };

/** Only sleeping moves it. */
function clockAt(start: number) {
  let now = start;
  const sleep = async (milliseconds: number) => {
    now += milliseconds;
  };
  return { now: () => now, sleep };
}

/** Logic Apps by HTTP and by az. */
async function logicApps({ slack = {}, status = 202, runId = "run-1" }: Stand = {}) {
  const messages: { text: string }[] = [];
  const calls: string[] = [];
  const answers: object[] = [];
  const server = createServer(async (request, response) => {
    const { run, messages: posted } = await notify(await json(request), slack);
    messages.push(...posted);
    answers.push(
      { properties: { status: "Running" } },
      { properties: { status: run.status, ...(run.code && { error: { code: run.code, message: "Why." } }) } },
    );
    response.writeHead(status, runId === "" ? {} : { "x-ms-workflow-run-id": runId }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/triggers/Alert/paths/invoke?sig=SECRET`;
  const world = {
    fetch,
    clock: clockAt(Date.parse("2026-11-21T12:00:00Z")),
    az: async (...args: string[]) => {
      calls.push(args.join(" ").replace(`https://management.azure.com${WORKFLOW}`, ""));
      return args.join(" ").includes("listCallbackUrl")
        ? { value: address }
        : (answers.shift() ?? { properties: { status: "Running" } });
    },
  };
  return { messages, calls, server, send: (state: State) => sendAlert(world, WORKFLOW, state) };
}

test("a sample that fired and one that resolved reach Slack, each through a run that is waited for", async () => {
  const { send, messages, calls } = await logicApps();
  await send("fired");
  await send("resolved");
  expect(messages.map(({ text }) => text)).toEqual([
    ":rotating_light: Fired: alert-test",
    ":white_check_mark: Resolved: alert-test",
  ]);
  expect(messages.flatMap(slackFaults)).toEqual([]);
  expect(calls.slice(0, 3)).toEqual([
    "rest --method post --url /triggers/Alert/listCallbackUrl?api-version=2019-05-01",
    "rest --method get --url /runs/run-1?api-version=2019-05-01",
    "rest --method get --url /runs/run-1?api-version=2019-05-01",
  ]);
});

test("a run that fails is told with its code, and without the address", async () => {
  const { send } = await logicApps({ slack: { slack: [{ status: 404, body: "no_service" }] } });
  const fault = await send("fired").catch((error: Error) => error.message);
  expect(fault).toContain("Failed (ActionFailed). Why.");
  expect(fault).not.toContain("SECRET");
});

test.each([
  ["answered 429", { status: 429 }],
  ["did not say which run", { runId: "" }],
])("a notifier that %s is a fault", async (fault, stand) => {
  await expect((await logicApps(stand)).send("fired")).rejects.toThrow(fault);
});

test("a notifier that is not there is a fault without its address", async () => {
  const { send, server } = await logicApps();
  await new Promise((resolve) => server.close(resolve));
  const fault = await send("fired").catch((error: Error) => error.message);
  expect(fault).toContain("ECONNREFUSED");
  expect(fault).not.toContain("SECRET");
});

test("a run that never ends is given up after ten minutes", async () => {
  const world = {
    clock: clockAt(0),
    fetch: async () => new Response(null, { status: 202, headers: { "x-ms-workflow-run-id": "r" } }),
    az: async () => ({ value: "https://x.example/", properties: { status: "Running" } }),
  };
  await expect(sendAlert(world, WORKFLOW, "fired")).rejects.toThrow("still runs after ten minutes");
});

test("the sample is of the workflow's own subscription", () => {
  expect(JSON.stringify(sampleAlert("fired", WORKFLOW, 0))).toContain(`/subscriptions/${SUBSCRIPTION}/providers`);
});

test.each([
  [["--stage", "staging"], 'received "staging"'],
  [["--stage", "preview-1"], "its alerts are mailed"],
  [["--stage", "production", "--only", "both"], '--only must be fired or resolved, received "both"'],
])("the command refuses %j", async (args, message) => {
  const command = promisify(execFile)(process.execPath, [join(import.meta.dirname, "send-test-alert.ts"), ...args]);
  const { code, stderr } = (await command.catch((fault: { code: number; stderr: string }) => fault)) as {
    code?: number;
    stderr: string;
  };
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  expect(stderr).toContain("Usage: npm run alert:test");
});
