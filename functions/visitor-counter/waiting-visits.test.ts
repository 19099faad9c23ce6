// The bound of the visits that wait for one write.
import { expect, it } from "vitest";
import { createStoreClock } from "../lib/store-clock.ts";
import { vitae } from "./group-commit.simulation.ts";
import { createSalt } from "./uniques.ts";

it("rejects the visit above 10,000 that wait for the store as busy, which is no failure, with Retry-After", async () => {
  const never = () => new Promise<never>(() => undefined);
  const { count } = vitae({
    store: { read: never, write: never, writeDay: never },
    clock: createStoreClock(
      () => 0,
      () => 0,
    ),
    writer: "writer",
    later: () => undefined,
    dailyWriteBudget: Number.POSITIVE_INFINITY,
    sleep: never,
    elapsed: () => 0,
    random: () => 0.5,
    createSalt,
    log: { warn: () => undefined },
  });
  const settled: unknown[] = [];
  for (let n = 0; n < 10_000; n++) void count().catch((error: unknown) => settled.push(error));
  await expect(count()).rejects.toMatchObject({
    code: "DEPENDENCY_UNAVAILABLE",
    isBusy: true,
    headers: { "Retry-After": "5" },
  });
  expect(settled).toEqual([]);
});
