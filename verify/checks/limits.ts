// A client over the limit receives 429 with Retry-After. The check reads a count, the cheapest request.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import { describeResponse, mustBeError } from "../response-shape.ts";

const PATH = "/v1/visits/verify";
/** Each instance has its own limit, so more instances allow more requests. */
const INSTANCES = 10;
const PARALLEL = 10;

export const limits = check({
  name: "limits",
  needs: [],
  async run({ client }) {
    const look = "the settings RATE_LIMITS and RATE_LIMIT_ANONYMOUS, and a proxy before the app";
    const read = () => client.call(PATH, { waitForLimit: false });
    let responses = [await read()];
    const policy = responses[0]?.headers.get("ratelimit-policy") ?? "";
    const quota = Number(/;q=(\d+)/.exec(policy)?.[1]);
    must(quota > 0, { expected: "RateLimit-Policy with a quota", received: policy || "none", look });
    let sent = 1;
    while (!responses.some(({ status }) => status === 429) && sent <= quota * INSTANCES) {
      responses = await Promise.all(Array.from({ length: PARALLEL }, read));
      sent += PARALLEL;
    }
    const rejected = responses.find(({ status }) => status === 429);
    must(rejected !== undefined, {
      expected: `429 after ${quota} requests in a window`,
      received: `${sent} requests, the last: ${responses.map(describeResponse).at(-1)}`,
      look,
    });
    mustBeError(rejected, { status: 429, code: "RATE_LIMITED", look });
    const wait = rejected.headers.get("retry-after") ?? "none";
    must(/^[1-9]\d{0,2}$/.test(wait), { expected: "Retry-After in seconds on a 429", received: wait, look });
    return `429 after ${sent} reads of ${policy}; retry after ${wait} s`;
  },
});
