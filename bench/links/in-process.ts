// A part: signs links in this very process, one after the other, as Vitae does and with a key for each link.
import { subscribe } from "node:diagnostics_channel";
import { createBlobService } from "../../functions/lib/azure/blobs.ts";
import { createCredential } from "../../functions/lib/azure/credential.ts";
import { createLinkSigner } from "../../functions/lib/azure/link-signer.ts";
import { createIssueLink } from "../../functions/sas/issue-link.ts";
import { keyCovers, keyIsAging, keySpan } from "../../functions/sas/link-policy.ts";
import { answerQuestions } from "../part.ts";
import { percentile } from "../statistics.ts";
import type { Load } from "./load.ts";

export type SignQuestion = { readonly way: "vitae" | "key-per-link"; readonly ms: number };

const IMAGE = {
  owner: "owner",
  id: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b",
  filename: "a.jpg",
  status: "ready",
} as const;
const SECONDS = 3_600;

const [blobs = ""] = process.argv.slice(2);
const service = createBlobService(blobs, createCredential(undefined));
const newIssueLink = () =>
  createIssueLink(
    createLinkSigner({
      service,
      rules: { span: keySpan, covers: keyCovers, isAging: keyIsAging },
      baseUrl: undefined,
    }),
  );
const kept = newIssueLink();

/** Of this process to anywhere, the identity's endpoint included. */
let requests = 0;
subscribe("http.client.request.start", () => {
  requests++;
});

answerQuestions<SignQuestion, Load>(async ({ way, ms }) => {
  const latencies: number[] = [];
  const before = requests;
  const until = performance.now() + ms;
  let asked = performance.now();
  while (asked < until) {
    // Each new signer asks for a key of its own, as code does that makes one in the request.
    await (way === "vitae" ? kept : newIssueLink())(IMAGE, "thumbnail", SECONDS);
    const answered = performance.now();
    latencies.push(answered - asked);
    asked = answered;
  }
  return {
    links: latencies.length,
    failed: 0,
    perSecond: (latencies.length / ms) * 1000,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    requests: requests - before,
  };
});
