// The store's time under stepped and suspended clocks, and the day of the site: daylight saving time, the date line.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyTotal, withBatch } from "../visitor-counter/total.ts";
import { createStoreClock, dayIn } from "./store-clock.ts";

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
  it("returns the wall clock before the first response of the store", () => {
    const { clock, pass } = setUp();
    pass(500);
    expect(clock.now()).toEqual({ earliest: 1_000_500, latest: 1_000_500 });
  });

  it("returns the store's time plus the time since, with any error of the wall clock", () => {
    const { clock, pass } = setUp();
    clock.observe(77_000);
    pass(250);
    expect(clock.now()).toEqual({ earliest: 77_250, latest: 77_250 });
  });

  it("returns a range after a step of the wall clock, until the next response of the store", () => {
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

  it("does not go back, nor ahead of the store, while Date headers of whole seconds agree with it", () => {
    const { clock, local, pass } = setUp(77_999);
    const truth = () => local.wall - 500;
    const readings: number[] = [];
    for (let response = 0; response < 30; response++) {
      clock.observe(Math.floor(truth() / 1000) * 1000);
      readings.push(clock.now().latest);
      pass(130);
      readings.push(clock.now().latest);
      expect(clock.now().latest).toBeLessThanOrEqual(truth());
    }
    expect(readings).toEqual(readings.toSorted((a, b) => a - b));
    expect(truth() - clock.now().latest).toBeLessThan(130);
  });

  it("returns a range after a suspension, which only the wall clock measures", () => {
    const { clock, local } = setUp();
    clock.observe(77_000);
    local.wall += 900_000;
    expect(clock.now()).toEqual({ earliest: 77_000, latest: 977_000 });
  });

  it("returns a range with the true time while at least one of the two clocks is right", () => {
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

const HOUR = 60 * 60_000;
const at = Date.parse;

describe("dayIn", () => {
  it.each([
    // The 29th of March 2026 has 23 hours, the 25th of October 25.
    ["Europe/Berlin", "2026-03-28T22:59:59.999Z", "2026-03-28"],
    ["Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29"],
    ["Europe/Berlin", "2026-03-29T21:59:59.999Z", "2026-03-29"],
    ["Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30"],
    ["Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25"],
    ["Europe/Berlin", "2026-10-25T22:59:59.999Z", "2026-10-25"],
    ["Europe/Berlin", "2026-10-25T23:00:00Z", "2026-10-26"],
    ["UTC", "2026-12-31T23:59:59.999Z", "2026-12-31"],
    ["UTC", "2027-01-01T00:00:00Z", "2027-01-01"],
    ["UTC", "2028-02-29T12:00:00Z", "2028-02-29"],
    ["Pacific/Kiritimati", "2026-06-30T10:00:00Z", "2026-07-01"],
    ["Pacific/Niue", "2026-07-01T10:59:59Z", "2026-06-30"],
    ["Asia/Kathmandu", "2026-01-01T18:15:00Z", "2026-01-02"],
    // Samoa crossed the date line: there was no 30th of December 2011.
    ["Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"],
    ["Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"],
  ])("returns for %s at %s the day %s", (zone, time, day) => {
    expect(dayIn(zone)(at(time))).toBe(day);
  });

  it("returns 24 hours for each day except the two changes of daylight saving time", () => {
    const dayOf = dayIn("Europe/Berlin");
    const hours = new Map<string, number>();
    for (let time = at("2025-12-31T23:00:00Z"); time < at("2026-12-31T23:00:00Z"); time += HOUR)
      hours.set(dayOf(time), (hours.get(dayOf(time)) ?? 0) + 1);
    expect(hours.size).toBe(365);
    const odd = [...hours].filter(([, count]) => count !== 24);
    expect(odd).toEqual([
      ["2026-03-29", 23],
      ["2026-10-25", 25],
    ]);
  });

  const zones = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Pacific/Chatham"];
  it("never returns a day before that of an earlier time", () => {
    // From 2012 on, no zone sets its clocks back across midnight.
    const time = fc.integer({ min: at("2012-01-01"), max: at("2100-01-01") });
    const later = fc.oneof(fc.integer({ min: 0, max: 3 * HOUR }), fc.integer({ min: 0, max: 400 * 24 * HOUR }));
    fc.assert(
      fc.property(fc.constantFrom(...zones), time, later, (zone, start, ms) => {
        const dayOf = dayIn(zone);
        const [day, next] = [dayOf(start), dayOf(start + ms)];
        expect(day).toMatch(/^\d{4}-\d{2}-\d{2}$/);
        expect(day <= next).toBe(true);
        expect(Math.abs(at(day) + 12 * HOUR - start)).toBeLessThanOrEqual(26 * HOUR);
      }),
      { numRuns: 2_000 },
    );
  });

  it("leaves the total's day where clocks were once set back across midnight", () => {
    // St John's set its clocks from one minute past midnight to one minute past eleven.
    const dayOf = dayIn("America/St_Johns");
    const before = dayOf(at("2006-10-29T02:30:30Z"));
    const after = dayOf(at("2006-10-29T02:31:00Z"));
    expect([before, after]).toEqual(["2006-10-29", "2006-10-28"]);
    let total = emptyTotal;
    for (const [index, day] of [before, after].entries()) {
      const batch = { writer: "w", commit: index + 1, visits: 1, visitors: [], held: 0, day };
      const inputs = { now: { earliest: 0, latest: 0 }, writtenDays: new Set<string>(), salt: undefined };
      total = withBatch(total, batch, inputs) ?? total;
    }
    expect(total).toMatchObject({ count: 2, day: "2006-10-29", dayCount: 2, closed: [] });
  });
});
