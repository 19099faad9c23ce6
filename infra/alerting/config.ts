// What alerts: every threshold, window and severity with its default, the Slack connection, and the budget.
import { z } from "zod";

/** Lengths that metric alerts and log alerts both know, shortest first. */
const frequencies = ["PT5M", "PT15M", "PT30M", "PT1H"] as const;
const windows = [...frequencies, "PT6H", "P1D"] as const;

const GIB = 1024 ** 3;
const EVERY = "A window must be longer than the frequency, so that what arrives late is still looked at once.";

type Defaults = {
  /** 0 is critical, 1 error, 2 warning, 3 informational, 4 verbose. */
  readonly severity: 0 | 1 | 2 | 3 | 4;
  /** The alert fires above this number, never at it. */
  readonly threshold: number;
  readonly window?: (typeof windows)[number];
  readonly frequency?: (typeof frequencies)[number];
};

/** A log rule at 15 minutes costs a third of one at 5, and a résumé can wait that long. */
function rule({ severity, threshold, window = "PT30M", frequency = "PT15M" }: Defaults) {
  return z
    .strictObject({
      enabled: z.boolean().default(true),
      severity: z.int().min(0).max(4).default(severity),
      threshold: z.number().nonnegative().default(threshold),
      window: z.enum(windows).default(window),
      frequency: z.enum(frequencies).default(frequency),
    })
    .refine((rule) => windows.indexOf(rule.window) > windows.indexOf(rule.frequency), {
      error: EVERY,
      path: ["window"],
    })
    .prefault({});
}

const rules = z.strictObject({
  /** Requests to count a visit that were answered 500 or above. */
  counterFailures: rule({ severity: 1, threshold: 0 }),
  /** Average milliseconds of a request to count a visit. */
  counterDuration: rule({ severity: 2, threshold: 1000 }),
  /** Percent of all requests answered 500 or above. */
  serverErrors: rule({ severity: 1, threshold: 1 }),
  /** Milliseconds that 95 % of all requests stay within. */
  slowAnswers: rule({ severity: 2, threshold: 500 }),
  /** Pictures whose thumbnail failed five times. */
  thumbnailGivenUp: rule({ severity: 2, threshold: 0 }),
  /** Instances that noticed that a page used up its day's budget of writes. */
  costBrakeTripped: rule({ severity: 2, threshold: 0 }),
  /** Lines `security-event` in the log. */
  securityEvent: rule({ severity: 1, threshold: 0 }),
  /** Executions in the window: a bill that somebody else runs up. */
  executions: rule({ severity: 1, threshold: 10_000, window: "PT1H" }),
  /** Bytes stored on the media account; Azure measures them once an hour. */
  storageCapacity: rule({ severity: 3, threshold: 5 * GIB, window: "PT6H", frequency: "PT1H" }),
  /** Bytes that left the media account in the window. */
  storageEgress: rule({ severity: 2, threshold: 5 * GIB, window: "P1D", frequency: "PT1H" }),
  /** Places, of all that ask, that found the app not ready. */
  readyCheck: rule({ severity: 0, threshold: 1, window: "PT30M" }),
  /** Runs of the notifier that posted nothing. It cannot tell this itself, so it goes to the owners alone. */
  notifierFailed: rule({ severity: 1, threshold: 0, window: "PT15M", frequency: "PT5M" }),
});
export type RuleName = keyof z.infer<typeof rules>;
export type AlertRule = Readonly<z.infer<typeof rules>[RuleName]>;

const slack = z
  .strictObject({
    /** `webhook`: nothing to click; `managed-connector`: a consent in the portal; `none`: e-mail only. */
    connection: z.enum(["webhook", "managed-connector", "none"]).default("webhook"),
    /** Where the managed connector posts: an id or a name. A webhook has its channel from Slack. */
    channel: z.string().min(1).default("#alerts"),
  })
  .prefault({});

export const alertConfig = z
  .strictObject({
    rules: rules.prefault({}),
    slack,
    /** Where readers find docs/runbooks.md: yours, or the runbook link of every alert leads nowhere. */
    runbooks: z.url({ protocol: /^https$/ }).default("https://github.com/OWNER/vitae/blob/main/docs/runbooks.md"),
    /** The role in the subscription whose holders get e-mails: the id of `Owner`. */
    ownersRole: z.guid().default("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
    /** Fewer requests in a window than this say nothing about shares and durations. */
    leastRequests: z.int().positive().default(20),
    /** The check of /api/health/ready from outside. Off for previews: it costs by the call. */
    availability: z
      .strictObject({
        enabled: z.boolean().default(true),
        /** Azure's own names of the places. */
        places: z.array(z.string()).min(1).default(["emea-nl-ams-azr", "emea-gb-db3-azr"]),
      })
      .prefault({}),
    /** A month's cost of the stage, in the currency of the subscription's bill. */
    budget: z.strictObject({ amount: z.number().positive().default(10) }).prefault({}),
  })
  .refine(
    ({ rules, availability }) =>
      !availability.enabled ||
      !rules.readyCheck.enabled ||
      availability.places.length === 0 ||
      (Number.isInteger(rules.readyCheck.threshold) && rules.readyCheck.threshold < availability.places.length),
    {
      path: ["rules", "readyCheck", "threshold"],
      error: "must be a whole number below that of availability.places, or it can never be exceeded",
    },
  );
export type AlertConfig = Readonly<z.infer<typeof alertConfig>>;
/** What a stage may change; the rest has its default. */
export type AlertOverrides = z.input<typeof alertConfig>;

export const defaultAlerts: AlertConfig = alertConfig.parse({});
