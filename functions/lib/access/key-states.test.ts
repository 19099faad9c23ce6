// Which key signs and verifies at a time.
import fc from "fast-check";
import { expect, it } from "vitest";
import { keyStates, stateAt, withPeriods } from "./key-states.ts";

const MINUTE = 60_000;
const statesAt = (now: number, ...created: number[]) =>
  withPeriods(created.map((createdOn, index) => ({ version: `${index}`, createdOn }))).map((each) =>
    stateAt(each, now),
  );

it.each([
  [0, "signing", "published"],
  [9.99, "signing", "published"],
  [10, "verifying", "signing"],
  [25.99, "verifying", "signing"],
  [26, "retired", "signing"],
] as const)(
  "%d minutes after a successor was created the old key is %s and the new one %s",
  (minutes, old, successor) => {
    expect(statesAt(1e9 + minutes * MINUTE, 0, 1e9)).toEqual([old, successor]);
  },
);

it("a key without another one signs at once, and a clock behind the vault's makes no difference", () => {
  expect(statesAt(-MINUTE, 0)).toEqual(["signing"]);
});

it("of two keys made in a race both are published, and the newer one signs", () => {
  expect(statesAt(1e9 + 5 * MINUTE, 0, 1e9, 1e9)).toEqual(["signing", "published", "published"]);
  expect(statesAt(1e9 + 10 * MINUTE, 0, 1e9, 1e9)).toEqual(["verifying", "verifying", "signing"]);
});

it("exactly one key signs at any time, and a key's states follow each other", () => {
  const minutes = fc.integer({ min: 0, max: 120 });
  fc.assert(
    fc.property(fc.array(minutes, { minLength: 1, maxLength: 8 }), minutes, fc.nat(60), (created, at, later) => {
      const times = created.map((each) => each * MINUTE);
      const [before, after] = [statesAt(at * MINUTE, ...times), statesAt((at + later) * MINUTE, ...times)];
      expect(before.filter((state) => state === "signing")).toHaveLength(1);
      before.forEach((state, index) => {
        expect(keyStates.indexOf(after[index] ?? state)).toBeGreaterThanOrEqual(keyStates.indexOf(state));
      });
    }),
  );
});
