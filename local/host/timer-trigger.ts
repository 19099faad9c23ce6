// Runs timer functions on their NCRONTAB schedule, in UTC as on Flex Consumption.
import { Cron } from "croner";
import type { TriggerKind } from "./trigger.ts";

const NEVER = "0001-01-01T00:00:00";

/**
 * Five fields, or six with seconds first. All fields must match, also the day of the month and the day of the week.
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
 * @throws {Error} with the expression
 */
export function parseSchedule(expression: string): Cron {
  try {
    return new Cron(expression, { mode: "5-or-6-parts", timezone: "UTC", domAndDow: true, paused: true });
  } catch (cause) {
    const rule = "must be NCRONTAB: {second} {minute} {hour} {day} {month} {day-of-week}";
    throw new Error(`schedule "${expression}" ${rule}. ${(cause as Error).message}`, { cause });
  }
}

export const timerTrigger: TriggerKind = ({ binding, run, setting }) => {
  const cron = parseSchedule(setting(String(binding.schedule)));
  let last = NEVER;
  let timer: NodeJS.Timeout | undefined;

  // azure-webjobs-sdk-extensions, TimerInfo.cs; the library converts the names to camel case.
  function info(input?: string) {
    if (input) return { string: input };
    const ScheduleStatus = { Last: last, Next: cron.nextRun()?.toISOString() ?? NEVER, LastUpdated: last };
    return { json: JSON.stringify({ Schedule: { AdjustForDST: true }, ScheduleStatus, IsPastDue: false }) };
  }

  async function runNow(): Promise<void> {
    const now = new Date();
    await run(info());
    last = now.toISOString();
  }

  // As TimerListener.cs: the next occurrence is computed when the last run has ended, so that runs never overlap.
  function schedule(stopped: () => boolean): void {
    const next = cron.nextRun();
    if (!next || stopped()) return;
    const wait = Math.max(next.getTime() - Date.now(), 1);
    const maxTimeout = 2 ** 31 - 1;
    timer = setTimeout(
      () => (wait > maxTimeout ? schedule(stopped) : void runNow().then(() => schedule(stopped))),
      Math.min(wait, maxTimeout),
    );
  }

  let isStopped = false;
  const stopped = () => isStopped;
  return {
    runManually: (input) => void run(info(input)),
    start() {
      if (binding.runOnStartup === true) void runNow().then(() => schedule(stopped));
      else schedule(stopped);
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
};
