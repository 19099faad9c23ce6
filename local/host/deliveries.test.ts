// Concurrency and retries of deliveries, and what stopping drops.
import { expect, test, vi } from "vitest";
import { createDeliveries, type DeliveriesOptions } from "./deliveries.ts";

function deliveries(options: Partial<DeliveriesOptions<string>>) {
  const givenUp: string[] = [];
  const errors: string[] = [];
  const created = createDeliveries<string>({
    concurrency: 2,
    attempts: 3,
    pauseMs: 1,
    deliver: async () => true,
    giveUp: async (item) => void givenUp.push(item),
    onError: (item, { message }) => errors.push(`${item}: ${message}`),
    ...options,
  });
  return { ...created, givenUp, errors };
}

test("deliveries start in order, and no more than the concurrency limit run together", async () => {
  const started: string[] = [];
  const gates = new Map<string, () => void>();
  const { add } = deliveries({
    deliver: (item) => {
      started.push(item);
      return new Promise((resolve) => gates.set(item, () => resolve(true)));
    },
  });
  for (const item of ["a", "b", "c"]) add(item);
  expect(started).toEqual(["a", "b"]);
  gates.get("b")?.();
  await vi.waitFor(() => expect(started).toEqual(["a", "b", "c"]), 30_000);
});

test("an item that fails is retried up to its attempts, then given up once", async () => {
  let attempts = 0;
  const { add, stop, givenUp } = deliveries({
    deliver: async () => {
      attempts += 1;
      return false;
    },
  });
  add("a");
  await vi.waitFor(() => expect(givenUp).toEqual(["a"]), 30_000);
  expect([attempts, await stop()]).toEqual([3, 0]);
});

test("a rejection is reported and counts as a failed attempt, and giving up is retried until it succeeds", async () => {
  let rejections = 2;
  const { add, errors } = deliveries({
    attempts: 1,
    deliver: () => Promise.reject(new Error("unreachable")),
    giveUp: async () => {
      rejections -= 1;
      if (rejections >= 0) throw new Error("no queue");
    },
  });
  add("a");
  await vi.waitFor(() => expect(rejections).toBe(-1), 30_000);
  expect(errors).toEqual(["a: unreachable", "a: no queue", "a: no queue"]);
});

test("stopping ignores new items, finishes queued ones, and returns the number that waited for a retry", async () => {
  const done: string[] = [];
  const { add, stop } = deliveries({
    concurrency: 1,
    pauseMs: 60_000,
    deliver: async (item) => {
      done.push(item);
      return item !== "failing";
    },
  });
  for (const item of ["failing", "a", "b"]) add(item);
  const stopping = stop();
  add("late");
  expect(await stopping).toBe(1);
  expect(done).toEqual(["failing", "a", "b"]);
});
