// Deliveries by themselves: how many at once, how often, and what stopping leaves.
import { expect, test, vi } from "vitest";
import { createDeliveries, type DeliveriesOptions } from "./deliveries.ts";

function deliveries(options: Partial<DeliveriesOptions<string>>) {
  const givenUp: string[] = [];
  const errors: string[] = [];
  const made = createDeliveries<string>({
    atOnce: 2,
    attempts: 3,
    pauseMs: 1,
    deliver: async () => true,
    giveUp: async (item) => void givenUp.push(item),
    failed: (item, { message }) => errors.push(`${item}: ${message}`),
    ...options,
  });
  return { ...made, givenUp, errors };
}

test("no more than so many run at once, in the order in which they came", async () => {
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const { add } = deliveries({
    deliver: (item) => {
      begun.push(item);
      return new Promise((resolve) => gates.set(item, () => resolve(true)));
    },
  });
  for (const item of ["a", "b", "c"]) add(item);
  expect(begun).toEqual(["a", "b"]);
  gates.get("b")?.();
  await vi.waitFor(() => expect(begun).toEqual(["a", "b", "c"]));
});

test("an item that fails is tried as often as it may be, then given up, once", async () => {
  const attempts: number[] = [];
  const { add, stop, givenUp } = deliveries({
    deliver: async (_, attempt) => {
      attempts.push(attempt);
      return false;
    },
  });
  add("a");
  await vi.waitFor(() => expect(givenUp).toEqual(["a"]));
  expect([attempts, await stop()]).toEqual([[1, 2, 3], 0]);
});

test("a rejection is told and counts as a failed attempt; giving up is tried until it works", async () => {
  let refusals = 2;
  const { add, errors } = deliveries({
    attempts: 1,
    deliver: () => Promise.reject(new Error("unreachable")),
    giveUp: async () => {
      refusals -= 1;
      if (refusals >= 0) throw new Error("no queue");
    },
  });
  add("a");
  await vi.waitFor(() => expect(refusals).toBe(-1));
  expect(errors).toEqual(["a: unreachable", "a: no queue", "a: no queue"]);
});

test("stopping takes nothing new, finishes what is due, and counts what waited for another attempt", async () => {
  const done: string[] = [];
  const { add, stop } = deliveries({
    atOnce: 1,
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
