// The cost brake of one page: whether the day's commits, as this instance knows them, have used up the budget.
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import { alertLines } from "../lib/names.ts";
import type { Total } from "./total.ts";

export type CostBrakeOptions = {
  readonly page: string;
  /** Commits on one day, by all instances together, after which the brake is on for the rest of it. */
  readonly budget: number;
  /** The day of the site by the store's clock. */
  readonly today: () => string;
  readonly log: Pick<Log, "warn">;
  readonly meter: Meter;
};

export type CostBrake = {
  /** Takes note of a row that was read or written. */
  see(total: Total): void;
  /** The last row seen, while the brake is on. */
  trippedAt(): Total | undefined;
};

export function createCostBrake({ page, budget, today, log, meter }: CostBrakeOptions): CostBrake {
  let seen: Total | undefined;
  let toldOf = "";

  function trippedAt() {
    // Compared first, since it is asked for every visit and days are dear to tell. A row of yesterday brakes nothing.
    if (!seen || seen.dayWrites < budget || seen.day < today()) return undefined;
    return seen;
  }

  return {
    see(total) {
      seen = total;
      const tripped = trippedAt();
      if (!tripped || tripped.day === toldOf) return;
      toldOf = tripped.day;
      log.warn(alertLines.costBrakeTripped, { page, day: toldOf, writes: tripped.dayWrites, budget });
      meter.measure("cost_brake_trips", 1, { page });
    },
    trippedAt,
  };
}
