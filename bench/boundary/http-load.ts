// A part: calls one address, as fast as it answers (autocannon) or evenly at a given rate.
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import autocannon from "autocannon";
import { answerQuestions } from "../part.ts";
import { percentile } from "../statistics.ts";

export type CallQuestion = {
  readonly url: string;
  readonly clients: number;
  readonly ms: number;
  /** Requests a second of all clients together; without it each sends as soon as it has its answer. */
  readonly rate?: number;
};
/** Milliseconds, and answers a second. */
export type Called = { readonly perSecond: number; readonly p50: number; readonly p99: number };

async function flatOut({ url, clients, ms }: CallQuestion): Promise<Called> {
  const { requests, latency, non2xx, errors } = await autocannon({ url, connections: clients, duration: ms / 1000 });
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} refusals, ${errors} errors`);
  return { perSecond: requests.average, p50: latency.p50, p99: latency.p99 };
}

type Caller = { call(): Promise<void>; end(): void };

/** One connection, one request at a time. An HTTP client would take as much of the machine as what is measured. */
function openCaller(url: string): Caller {
  const { host, hostname, pathname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setNoDelay();
  const request = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  return {
    call: () =>
      new Promise((resolve, reject) => {
        let answer = "";
        socket.removeAllListeners("data").on("data", (chunk) => {
          answer += chunk.toString("latin1");
          // The one body that this address has, chunked or not.
          if (!/\{"status":"ok"\}(?:\r\n0\r\n\r\n)?$/.test(answer)) return;
          if (answer.startsWith("HTTP/1.1 200 ")) resolve();
          else reject(new Error(`${url} answered ${answer.slice(0, 200)}`));
        });
        socket.removeAllListeners("error").once("error", reject);
        socket.write(request);
      }),
    end: () => socket.destroy(),
  };
}

/** autocannon sends what a second allows in bursts, whose queue would be measured instead of the handler. */
async function evenly({ url, clients, ms, rate = 1 }: CallQuestion): Promise<Called> {
  const callers = Array.from({ length: clients }, () => openCaller(url));
  const idle = [...callers];
  const waiting: number[] = [];
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  /** From when it was due: a call that had to wait for a connection counts its wait. */
  async function answerFrom(due: number, caller: Caller): Promise<void> {
    for (let next: number | undefined = due; next !== undefined; next = waiting.shift()) {
      await caller.call();
      latencies.push(performance.now() - next);
    }
    idle.push(caller);
  }
  const began = performance.now();
  for (let due = began; due < began + ms; due += 1000 / rate) {
    const early = due - performance.now();
    if (early > 0) await pause(early);
    const caller = idle.pop();
    if (caller) calls.push(answerFrom(due, caller));
    else waiting.push(due);
  }
  await Promise.all(calls);
  const seconds = (performance.now() - began) / 1000;
  for (const caller of callers) caller.end();
  return {
    perSecond: latencies.length / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

answerQuestions<CallQuestion, Called>((question) => (question.rate === undefined ? flatOut : evenly)(question));
