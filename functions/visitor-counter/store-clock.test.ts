// The store's time as a process knows it whose own clocks are stepped or stand still.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStoreClock } from "./store-clock.ts";

function setUp(wall = 1_000_000, monotonic = 50) {
  const local = { wall, monotonic };
  const clock = createStoreClock(
    () => local.wall,
    () => local.monotonic,
  );
  const pass = (ms: number) => {
    local.wall += ms;
    local.monotonic += ms;
  };
  return { local, clock, pass };
}

describe("the store's clock", () => {
  it("is the wall clock until the store has told its time", () => {
    const { clock, pass } = setUp();
    pass(500);
    expect(clock.now()).toEqual({ earliest: 1_000_500, latest: 1_000_500 });
  });

  it("is the store's time and what has passed since, however wrong the wall clock is", () => {
    const { clock, pass } = setUp();
    clock.observe(77_000);
    pass(250);
    expect(clock.now()).toEqual({ earliest: 77_250, latest: 77_250 });
  });

  it("is a range from when the wall clock is stepped until the store tells its time again", () => {
    const { clock, local, pass } = setUp();
    clock.observe(77_000);
    pass(100);
    local.wall += 3_600_000;
    expect(clock.now()).toEqual({ earliest: 77_100, latest: 3_677_100 });
    local.wall -= 2 * 3_600_000;
    expect(clock.now()).toEqual({ earliest: 77_100 - 3_600_000, latest: 77_100 });
    clock.observe(78_000);
    expect(clock.now()).toEqual({ earliest: 78_000, latest: 78_000 });
  });

  it("is a range after a suspension, which only the wall clock notices", () => {
    const { clock, local } = setUp();
    clock.observe(77_000);
    local.wall += 900_000;
    expect(clock.now()).toEqual({ earliest: 77_000, latest: 977_000 });
  });

  it("holds the true time in its range while at least one of the two clocks is right", () => {
    const event = fc.record({
      kind: fc.constantFrom("pass", "observe"),
      ms: fc.integer({ min: 0, max: 100_000 }),
    });
    const fault = fc.record({ which: fc.constantFrom("step", "suspend"), ms: fc.integer({ min: 1, max: 1e7 }) });
    fc.assert(
      fc.property(fc.array(event), fc.option(fault), fc.boolean(), (events, broken, back) => {
        const { clock, local, pass } = setUp();
        let truth = 5_000_000;
        clock.observe(truth);
        for (const { kind, ms } of events) {
          truth += ms;
          pass(ms);
          if (kind === "observe") clock.observe(truth);
        }
        if (broken?.which === "step") local.wall += back ? -broken.ms : broken.ms;
        if (broken?.which === "suspend") {
          truth += broken.ms;
          local.wall += broken.ms;
        }
        const { earliest, latest } = clock.now();
        expect(earliest).toBeLessThanOrEqual(truth);
        expect(latest).toBeGreaterThanOrEqual(truth);
      }),
    );
  });
});
