// A part: calls one address, as fast as it answers (autocannon) or evenly at a given rate.
import { Agent, get } from "node:http";
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

const call = (url: string, agent: Agent) =>
  new Promise<void>((resolve, reject) => {
    get(url, { agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} answered ${answer.statusCode}`));
      answer.resume().on("end", resolve).on("error", reject);
    }).on("error", reject);
  });

/** autocannon sends what a second allows in bursts, whose queue would be measured instead of the handler. */
async function evenly({ url, clients, ms, rate = 1 }: CallQuestion): Promise<Called> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const latencies: number[] = [];
  const answered: Promise<void>[] = [];
  const began = performance.now();
  for (let due = began; due < began + ms; due += 1000 / rate) {
    const early = due - performance.now();
    if (early > 0) await pause(early);
    // From when it was due: a call that had to wait for a connection counts its wait.
    answered.push(call(url, agent).then(() => void latencies.push(performance.now() - due)));
  }
  await Promise.all(answered);
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  return {
    perSecond: latencies.length / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

answerQuestions<CallQuestion, Called>((question) => (question.rate === undefined ? flatOut : evenly)(question));
