// A part: asks for links over HTTP with autocannon.
import autocannon from "autocannon";
import { answerQuestions } from "../part.ts";
import type { Load } from "./load.ts";

export type AskQuestion = {
  readonly url: string;
  readonly token: string;
  readonly image: string;
  readonly clients: number;
  readonly ms: number;
};

answerQuestions<AskQuestion, Load>(async ({ url, token, image, clients, ms }) => {
  const {
    requests,
    latency,
    non2xx,
    errors,
    duration,
    "2xx": links,
  } = await autocannon({
    url,
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ imageId: image, variant: "thumbnail" }),
    connections: clients,
    duration: Math.ceil(ms / 1000),
  });
  if (requests.total === 0) throw new Error(`${url} answered nothing`);
  return {
    links,
    failed: non2xx + errors,
    perSecond: links / duration,
    p50: latency.p50,
    p99: latency.p99,
    requests: null,
  };
});
