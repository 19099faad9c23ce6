// Sends samples to an HTTP server that replaces Logic Apps.
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterEach, expect, it } from "vitest";
import { SUBSCRIPTION } from "../../../infra/alerting/payloads.fixture.ts";
import { logRuleNames } from "../../../infra/alerting/queries.ts";
import { slackText } from "../../../infra/alerting/workflow.fixture.ts";
import { type Sample, samples, sendSample } from "./send-sample.ts";

const WORKFLOW = `/subscriptions/${SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Logic/workflows/w`;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanups.splice(0)) cleanUp();
});

type Options = { readonly status?: number; readonly runId?: string; readonly run?: object };

type Payload = {
  readonly data: {
    readonly alertContext?: { readonly condition?: { readonly allOf: { readonly metricValue: number }[] } };
  };
};

/** Only `sleep` advances it. */
function createClock(start: number) {
  let now = start;
  const sleep = async (milliseconds: number) => {
    now += milliseconds;
  };
  return { now: () => now, sleep };
}

/** Logic Apps by HTTP and by az. */
async function startLogicApps({ status = 202, runId = "run-1", run = { status: "Succeeded" } }: Options = {}) {
  const messages: string[] = [];
  const numbers: unknown[] = [];
  const calls: string[] = [];
  const runs: object[] = [];
  const server = createServer(async (request, response) => {
    const payload = (await json(request)) as Payload;
    messages.push(slackText(payload));
    numbers.push(payload.data.alertContext?.condition?.allOf[0]?.metricValue);
    runs.push({ properties: { status: "Running" } }, { properties: run });
    response.writeHead(status, runId === "" ? {} : { "x-ms-workflow-run-id": runId }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/triggers/Alert/paths/invoke?sig=SECRET`;
  const context = {
    fetch,
    clock: createClock(Date.parse("2026-11-21T12:00:00Z")),
    az: async (...args: string[]) => {
      calls.push(args.join(" ").replace(`https://management.azure.com${WORKFLOW}`, ""));
      return args.join(" ").includes("listCallbackUrl")
        ? { value: url }
        : (runs.shift() ?? { properties: { status: "Running" } });
    },
  };
  return { messages, numbers, calls, server, send: (sample: Sample) => sendSample(context, WORKFLOW, sample) };
}

it("sends each sample, that of the kinds with every kind, and waits for each run", async () => {
  const { send, messages, numbers, calls } = await startLogicApps();
  for (const sample of samples) await send(sample);
  expect(messages.map((text) => text.split("\n")[0])).toEqual([
    ":rotating_light: Fired: alert-test",
    expect.stringMatching(/^:rotating_light: Fired: alert-test\. A sample, .* No action is needed\./),
    ":white_check_mark: Resolved: alert-test",
  ]);
  expect(messages.map((text) => text.split("\u2022 ").length - 1)).toEqual([0, logRuleNames.length, 0]);
  // Azure's number is a Float, for which Logic Apps must evaluate the expressions too.
  expect(Number.isInteger(numbers[1])).toBe(false);
  expect(calls.slice(0, 3)).toEqual([
    "rest --method post --url /triggers/Alert/listCallbackUrl?api-version=2019-05-01",
    "rest --method get --url /runs/run-1?api-version=2019-05-01",
    "rest --method get --url /runs/run-1?api-version=2019-05-01",
  ]);
});

it("reports the code of a failed run, without the signed URL", async () => {
  const run = { status: "Failed", error: { code: "ActionFailed", message: "Why." } };
  const { send } = await startLogicApps({ run });
  const message = await send("fired").catch((error: Error) => error.message);
  expect(message).toContain("Failed (ActionFailed). Why.");
  expect(message).not.toContain("SECRET");
});

it.each([
  ["returned 429", { status: 429 }],
  ["did not return a run id", { runId: "" }],
])("rejects when the notifier %s", async (message, options) => {
  await expect((await startLogicApps(options)).send("fired")).rejects.toThrow(message);
});

it("reports an unreachable notifier without the signed URL", async () => {
  const { send, server } = await startLogicApps();
  await new Promise((resolve) => server.close(resolve));
  const message = await send("fired").catch((error: Error) => error.message);
  expect(message).toContain("ECONNREFUSED");
  expect(message).not.toContain("SECRET");
});

it("rejects a run that does not end within ten minutes", async () => {
  const { send } = await startLogicApps({ run: { status: "Running" } });
  await expect(send("fired")).rejects.toThrow("did not end within ten minutes");
});

it.each([
  [["--stage", "staging"], 'received "staging"'],
  [["--stage", "preview-1"], "sends e-mails only"],
])("npm run alert:test rejects %j", async (args, message) => {
  const command = promisify(execFile)(process.execPath, [join(import.meta.dirname, "run-alert-test.ts"), ...args]);
  const { code, stderr } = (await command.catch((error: { code: number; stderr: string }) => error)) as {
    code?: number;
    stderr: string;
  };
  expect(code).toBe(1);
  expect(stderr).toContain(message);
});
