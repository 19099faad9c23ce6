// Non-HTTP functions: blob, queue and timer triggers. Data that app.ts registers.
import type { InvocationContext } from "@azure/functions";
import { cleanUpCredentials } from "./accounts/credentials-clean-up.ts";
import { cleanUpSessions } from "./accounts/sessions-clean-up.ts";
import type { Deps } from "./deps.ts";
import { auditPublicImages, finishPublications } from "./images/public-repair.ts";
import { reconcileImages } from "./images/reconcile.ts";
import { applyRetention } from "./images/retention-timer.ts";
import { cleanUpUploads } from "./images/uploads-clean-up.ts";
import { cleanUpLimits } from "./lib/limits/limits-table.ts";
import { createLog } from "./lib/log.ts";
import type { TimerName, TriggerName } from "./lib/names.ts";
import { ORIGINALS_PATH, onOriginalWritten, onPoison, POISON_QUEUE } from "./thumbnail/thumbnail.ts";
import { turnDays } from "./visitor-counter/day-turn.ts";

type Handler = (input: unknown, context: InvocationContext, deps: Deps) => Promise<void>;

export type Trigger = { readonly handler: Handler } & (
  | { readonly name: Exclude<TriggerName, TimerName>; readonly kind: "blob"; readonly path: string }
  | { readonly name: Exclude<TriggerName, TimerName>; readonly kind: "queue"; readonly queueName: string }
  | { readonly name: TimerName; readonly kind: "timer"; readonly schedule: string }
);

/**
 * Milliseconds after which a timer starts no further work. What it has started ends well before `functionTimeout` in
 * host.json, at which the host restarts the whole process.
 */
export const TIMER_RUN_MS = 2 * 60_000;
/** Of a timer that also does other work. */
const PUBLIC_RUN_MS = 60_000;
const EVERY_FIVE_MINUTES = "0 */5 * * * *";
const EVERY_FIFTEEN_MINUTES = "0 */15 * * * *";
const EVERY_HOUR = "0 0 * * * *";

export const triggers: readonly Trigger[] = [
  { name: "thumbnail", kind: "blob", path: ORIGINALS_PATH, handler: onOriginalWritten },
  { name: "thumbnail-poison", kind: "queue", queueName: POISON_QUEUE, handler: onPoison },
  {
    name: "image-reconcile",
    kind: "timer",
    schedule: EVERY_FIVE_MINUTES,
    handler: async (_, context, deps) => {
      const run = { log: createLog(context), runMs: TIMER_RUN_MS };
      // Its rows must not keep unfinished images waiting.
      try {
        await finishPublications(deps, { ...run, runMs: PUBLIC_RUN_MS });
      } finally {
        await reconcileImages(deps, run);
      }
    },
  },
  {
    name: "image-audit",
    kind: "timer",
    schedule: EVERY_HOUR,
    handler: async (_, context, deps) => {
      const run = { log: createLog(context), runMs: TIMER_RUN_MS };
      await deps.imageAudit.run(run);
      await auditPublicImages(deps, { ...run, runMs: PUBLIC_RUN_MS });
    },
  },
  {
    name: "image-retention",
    kind: "timer",
    schedule: EVERY_HOUR,
    handler: (_, context, deps) => applyRetention(deps, { log: createLog(context), runMs: TIMER_RUN_MS }),
  },
  {
    name: "limits-clean-up",
    kind: "timer",
    schedule: EVERY_HOUR,
    handler: (_, context, deps) => cleanUpLimits(deps, { log: createLog(context), runMs: TIMER_RUN_MS }),
  },
  {
    name: "credentials-clean-up",
    kind: "timer",
    schedule: EVERY_HOUR,
    handler: (_, context, deps) => cleanUpCredentials(deps, { log: createLog(context), runMs: TIMER_RUN_MS }),
  },
  {
    name: "uploads-clean-up",
    kind: "timer",
    schedule: EVERY_FIFTEEN_MINUTES,
    handler: (_, context, deps) => cleanUpUploads(deps, { log: createLog(context), runMs: TIMER_RUN_MS }),
  },
  {
    name: "sessions-clean-up",
    kind: "timer",
    schedule: EVERY_HOUR,
    handler: (_, context, deps) => cleanUpSessions(deps, { log: createLog(context), runMs: TIMER_RUN_MS }),
  },
  {
    name: "visits-day-turn",
    kind: "timer",
    schedule: EVERY_HOUR,
    handler: (_, context, deps) => turnDays(deps, { log: createLog(context), runMs: TIMER_RUN_MS }),
  },
  {
    name: "signing-keys-rotate",
    kind: "timer",
    // The event of an overdue key counts on runs once an hour.
    schedule: EVERY_HOUR,
    handler: (_, context, deps) => deps.keyRotation.run({ log: createLog(context) }),
  },
];
