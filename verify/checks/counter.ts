// The counter grows by exactly the visits that are sent. The page is reserved for verify.
import { type CheckContext, check } from "../check.ts";
import { must } from "../check-failure.ts";
import type { ApiResponse } from "../client.ts";
import { describeResponse, jsonOf } from "../response-shape.ts";

const PATH = "/v1/visits/verify";
const VISITS = 10;
/** Long enough to notice another run that counts. */
const QUIET_MS = 1500;
/** Another instance may read an older total. */
const READS = 5;
const READ_AGAIN_MS = 1000;

type Numbers = { count: number; degraded: true };
const look = "the log lines of this trace id, and docs/decisions/005-exactness-of-the-counter.md";
const otherRun =
  "whether another run of verify is active: it uses the same page, so wait for it. If none is, a visit counts more than once";

function numberOf(response: ApiResponse): number {
  const { count, degraded } = jsonOf<Numbers>(response, { status: 200, look });
  must(degraded === undefined, {
    expected: `a number that is not degraded from ${response.what}`,
    received: describeResponse(response),
    look: "the cost brake: the page verify exhausted its write budget of today (DAILY_WRITE_BUDGET)",
  });
  must(Number.isSafeInteger(count), {
    expected: `a count from ${response.what}`,
    received: describeResponse(response),
    look,
  });
  return count as number;
}

const visit = async ({ client }: CheckContext) => numberOf(await client.call(PATH, { method: "POST" }));

/** Reads the total until it is at least `least`. */
async function totalFrom({ client, pause }: CheckContext, least: number): Promise<number> {
  for (let reads = 1; ; reads++) {
    const total = numberOf(await client.call(PATH));
    if (total >= least || reads === READS) return total;
    await pause(READ_AGAIN_MS);
  }
}

export const counter = check({
  name: "counter",
  needs: [],
  async run(run) {
    // Another run of verify either counts on after this visit, or notices it.
    const first = await visit(run);
    await run.pause(QUIET_MS);
    const still = await totalFrom(run, first);
    must(still === first, {
      expected: `the total of the page verify to stay ${first}`,
      received: `${still} a moment later`,
      look: still > first ? otherRun : look,
    });
    const numbers = await Promise.all(Array.from({ length: VISITS }, () => visit(run)));
    const expected = Array.from({ length: VISITS }, (_, index) => first + 1 + index);
    const sorted = numbers.toSorted((one, other) => one - other);
    const highest = Math.max(...numbers);
    must(sorted.join() === expected.join(), {
      expected: `${VISITS} simultaneous visits to get the numbers ${expected[0]} to ${expected.at(-1)}, each once`,
      received: sorted.join(", "),
      look: highest > first + VISITS ? otherRun : look,
    });
    const total = await totalFrom(run, first + VISITS);
    must(total === first + VISITS, {
      expected: `the total ${first + VISITS} after ${VISITS} visits`,
      received: `${total}`,
      look: total > first + VISITS ? otherRun : look,
    });
    return `${VISITS} simultaneous visits: ${first} to ${total}, each number once`;
  },
});
