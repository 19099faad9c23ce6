// A part: visits over HTTP with autocannon, spread evenly over the given hosts. Every visit that is sent is waited for.
import autocannon from "autocannon";
import { answerQuestions } from "../part.ts";
import { sum } from "../statistics.ts";
import { describeLoad, type Load } from "./load.ts";

export type HttpQuestion = { urls: readonly string[]; clientsEach: number; ms: number };

/** How often autocannon looks whether all its clients are done. */
const SAMPLE_MS = 50;
const AT_MOST_S = 60;

/** Left to itself autocannon cuts off what is under way, and nobody could tell which of it was counted. */
type Client = autocannon.Client & { responseMax?: number };

type Visits = { readonly url: string; readonly clients: number; readonly until: number };

async function visit({ url, clients, until }: Visits, onAnswer: (status: number, ms: number) => void): Promise<number> {
  const options = { url, method: "POST", connections: clients, duration: AT_MOST_S, sampleInt: SAMPLE_MS } as const;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(options, (error, found) => (error ? reject(error) : resolve(found)));
    run.on("response", (client: Client, status, _bytes, ms) => {
      if (performance.now() >= until) client.responseMax = 1;
      onAnswer(status, ms);
    });
  });
  return result.requests.sent;
}

async function load({ urls, clientsEach, ms }: HttpQuestion): Promise<Load> {
  const latencies: number[] = [];
  const inTime = urls.map(() => 0);
  const until = performance.now() + ms;
  const sent = await Promise.all(
    urls.map((url, index) =>
      visit({ url, clients: clientsEach, until }, (status, latency) => {
        if (status !== 200) return;
        latencies.push(latency);
        if (performance.now() <= until) inTime[index] = (inTime[index] ?? 0) + 1;
      }),
    ),
  );
  return describeLoad({ latencies, sent: sum(sent), inTime, ms });
}

answerQuestions<HttpQuestion, Load>(load);
