import { expect, it } from "vitest";
import { keepValues } from "./kept-values.ts";

/** Values that count the loads, of a time that the test sets. */
function openValues(load: (loads: number) => Promise<number> = async (loads) => loads) {
  let [now, loads] = [0, 0];
  const values = keepValues(
    60,
    () => load(++loads),
    () => {
      const began = now;
      return () => now - began;
    },
  );
  return { values, pass: (ms: number) => (now += ms) };
}

it("loads a value again when it is older than the limit, each key by itself", async () => {
  const {
    values: { get: values },
    pass,
  } = openValues();
  expect(await values("a")).toBe(1);
  pass(60);
  expect(await values("a")).toBe(1);
  expect(await values("b")).toBe(2);
  pass(1);
  expect(await values("a")).toBe(3);
  expect(await values("b")).toBe(2);
});

it("shares one load between callers that arrive during it", async () => {
  const {
    values: { get: values },
  } = openValues();
  expect(await Promise.all([values("a"), values("a")])).toEqual([1, 1]);
});

it("keeps no failure", async () => {
  const {
    values: { get: values },
  } = openValues(async (loads) => {
    if (loads === 1) throw new Error("The table failed");
    return loads;
  });
  await expect(values("a")).rejects.toThrow("The table failed");
  expect(await values("a")).toBe(2);
});

it("loads a forgotten value again", async () => {
  const { values } = openValues();
  expect(await values.get("a")).toBe(1);
  values.forget("a");
  expect(await values.get("a")).toBe(2);
});
