// Who asks too often is answered 429, and told when to come back. Reading a count is what costs least and changes nothing.

import { check, must } from "../check.ts";
import { describeResponse, mustBeError } from "../response-shape.ts";

const PATH = "/v1/visits/verify";
/** Each instance counts by itself, so several let several times as much pass. */
const INSTANCES = 10;
const AT_ONCE = 10;

export const limits = check({
  name: "limits",
  needs: [],
  async run({ client }) {
    const look = "the settings RATE_LIMITS and RATE_LIMIT_ANONYMOUS, and what stands before the app";
    const ask = () => client.call(PATH, { patient: false });
    let answers = [await ask()];
    const policy = answers[0]?.headers.get("ratelimit-policy") ?? "";
    const quota = Number(/;q=(\d+)/.exec(policy)?.[1]);
    must(quota > 0, { expected: "RateLimit-Policy with a quota", received: policy || "none", look });
    let sent = 1;
    while (!answers.some(({ status }) => status === 429) && sent <= quota * INSTANCES) {
      answers = await Promise.all(Array.from({ length: AT_ONCE }, ask));
      sent += AT_ONCE;
    }
    const refused = answers.find(({ status }) => status === 429);
    must(refused !== undefined, {
      expected: `429 beyond ${quota} requests in a window`,
      received: `${sent} requests, the last: ${answers.map(describeResponse).at(-1)}`,
      look,
    });
    mustBeError(refused, { status: 429, code: "RATE_LIMITED", look });
    const wait = refused.headers.get("retry-after") ?? "none";
    must(/^[1-9]\d{0,2}$/.test(wait), { expected: "Retry-After in seconds on a 429", received: wait, look });
    return `429 after ${sent} reads of ${policy}; this address may read again in ${wait} s`;
  },
});
