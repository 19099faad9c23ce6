// The counter grows by exactly what is sent, on a page that is reserved for this: no real number is touched.

import type { Run } from "../check.ts";
import { check, must } from "../check.ts";
import type { Answer } from "../client.ts";
import { describeResponse, jsonOf } from "../response-shape.ts";

const PATH = "/v1/visits/verify";
const VISITS = 10;
/** Long enough to notice a run that counts, short enough to wait for. */
const QUIET_MS = 1500;
/** Another instance may read a total that is a moment old. */
const READS = 5;
const READ_AGAIN_MS = 1000;

type Numbers = { count: number; degraded: true };
const look = "the log lines of this trace id, and decision 005";
const alone =
  "whether another run of verify is active: it uses the same page, so wait for it. If none is, a visit counts more than once";

function numberOf(answer: Answer): number {
  const { count, degraded } = jsonOf<Numbers>(answer, { status: 200, look });
  must(degraded === undefined, {
    expected: `a number of its own for ${answer.what}`,
    received: describeResponse(answer),
    look: "the cost brake: today's write budget of the page verify is used up (DAILY_WRITE_BUDGET)",
  });
  must(Number.isSafeInteger(count), {
    expected: `a count from ${answer.what}`,
    received: describeResponse(answer),
    look,
  });
  return count as number;
}

const visit = async ({ client }: Run) => numberOf(await client.call(PATH, { method: "POST" }));

/** The total, once it is at least this much. */
async function totalFrom({ client, pause }: Run, least: number): Promise<number> {
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
    // Counting once takes the page; whoever has taken it too counts on, or sees this one.
    const taken = await visit(run);
    await run.pause(QUIET_MS);
    const still = await totalFrom(run, taken);
    must(still === taken, {
      expected: `nobody else to count on the page verify: ${taken}`,
      received: `${still} a moment later`,
      look: still > taken ? alone : look,
    });
    const numbers = await Promise.all(Array.from({ length: VISITS }, () => visit(run)));
    const wanted = Array.from({ length: VISITS }, (_, index) => taken + 1 + index);
    const sorted = numbers.toSorted((one, other) => one - other);
    const most = Math.max(...numbers);
    must(sorted.join() === wanted.join(), {
      expected: `${VISITS} visits at once to get the numbers ${wanted[0]} to ${wanted.at(-1)}, each once`,
      received: sorted.join(", "),
      look: most > taken + VISITS ? alone : look,
    });
    const total = await totalFrom(run, taken + VISITS);
    must(total === taken + VISITS, {
      expected: `the total ${taken + VISITS} after ${VISITS} visits`,
      received: `${total}`,
      look: total > taken + VISITS ? alone : look,
    });
    return `${VISITS} visits at once: ${taken} to ${total}, each number once`;
  },
});
