// The counter on a table that behaves as Cosmos DB may: reads lag behind writes, and calls get 410 and 449.
import { beforeEach, describe, expect, it } from "vitest";
import { countMany, isWrite, numbers, openBehindProxy, setup, upTo, useCounter } from "./visitor-counter.fixture.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

useCounter();

const LAG_MS = 200;
let instances: VisitorCounter[];

beforeEach(() => {
  const patience = { callMs: 1_000, windowMs: 20_000, holdMs: 60_000 };
  instances = Array.from({ length: 3 }, () => openBehindProxy({ patience }));
});

/** Visits of all instances, in rounds, so that each instance writes several times. */
async function countInRounds(rounds: number, visits: number) {
  const counted: number[] = [];
  for (let round = 0; round < rounds; round++)
    for (const instance of await Promise.all(instances.map((each) => countMany(visits, each))))
      counted.push(...numbers(instance));
  return counted.sort((a, b) => a - b);
}

describe("lagging reads", () => {
  it("gives each visit of three instances its own number while reads lag", async () => {
    setup.proxy.lag(LAG_MS);
    expect(await countInRounds(3, 10)).toEqual(upTo(90));
    expect((await setup.other.read(setup.page)).count).toBe(90);
  });

  it("counts a batch once when its response is lost and the next read is older than the batch", async () => {
    await setup.counter.count(setup.page);
    setup.proxy.lag(LAG_MS);
    let lost = false;
    setup.proxy.decide((request) => {
      if (!isWrite(request) || lost) return undefined;
      lost = true;
      return { kind: "reset-after" };
    });
    expect(numbers(await countMany(5))).toEqual([2, 3, 4, 5, 6]);
    expect((await setup.other.read(setup.page)).count).toBe(6);
  });
});

it.each([410, 449])("gives each visit its own number while every third call gets %i", async (status) => {
  setup.proxy.decide(({ ordinal }) => (ordinal % 3 === 0 ? { kind: "status", status } : undefined));
  expect(await countInRounds(3, 5)).toEqual(upTo(45));
});
