// Configuration of the alerts: thresholds, windows and severities with their defaults, the Slack connection, the budget.
import { z } from "zod";

/** Durations that metric alerts and log alerts both accept, shortest first. */
const frequencies = ["PT5M", "PT15M", "PT30M", "PT1H"] as const;
export const windows = [...frequencies, "PT6H", "P1D"] as const;

const GIB = 1024 ** 3;
const WINDOW_RULE = "must be longer than the frequency, so that a late row is still evaluated once";

type Defaults = {
  /** 0 is critical, 1 error, 2 warning, 3 informational, 4 verbose. */
  readonly severity: 0 | 1 | 2 | 3 | 4;
  /** The alert fires above this number, not at it. */
  readonly threshold: number;
  readonly window?: (typeof windows)[number];
  readonly frequency?: (typeof frequencies)[number];
};

/** A log rule every 15 minutes costs a third of one every 5 minutes, and no more than one every hour. */
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
      error: WINDOW_RULE,
      path: ["window"],
    })
    .prefault({});
}

const rules = z.strictObject({
  /** Responses of 500 or above except 503, and except those of the health checks. */
  serverErrors: rule({ severity: 1, threshold: 0 }),
  /** Responses of 503, except those of the health checks and of a busy app. */
  storeUnavailable: rule({ severity: 1, threshold: 0 }),
  /** Requests that were rejected with 503 because a queue of the app was full. A few are normal in a burst. */
  busy: rule({ severity: 2, threshold: 100, window: "PT6H" }),
  // 10,000 visits a month are 7 in half an hour, too few for an average: so durations have a window of a day.
  /** Average duration in milliseconds of a request that counts a visit. */
  counterDuration: rule({ severity: 2, threshold: 1000, window: "P1D" }),
  /** Median duration of all requests in milliseconds. At low traffic, cold starts alone exceed the 75th percentile. */
  slowResponses: rule({ severity: 2, threshold: 500, window: "P1D" }),
  /** Images whose thumbnail failed in all attempts, of the event and of the timer. */
  thumbnailGivenUp: rule({ severity: 2, threshold: 0 }),
  /** Passes of the audit that found images whose record and blobs differ, and could not or must not repair them. */
  libraryDiffers: rule({ severity: 1, threshold: 0 }),
  /** Instances on which a page exhausted its write budget of the day. */
  costBrakeTripped: rule({ severity: 2, threshold: 0 }),
  /** Events that may mean an attack, or need the owner. */
  securityEvent: rule({ severity: 1, threshold: 0 }),
  /** Times that the daily cap of telemetry was reached. Until the next day the other log alerts see nothing. */
  telemetryCap: rule({ severity: 1, threshold: 0 }),
  /** Function executions in the window. A flood of requests raises the bill. */
  executions: rule({ severity: 1, threshold: 10_000, window: "PT1H" }),
  /** Bytes stored on the media account, which Azure measures once an hour. */
  storageCapacity: rule({ severity: 3, threshold: 5 * GIB, window: "PT6H", frequency: "PT1H" }),
  /** Bytes sent by the media account in the window. */
  storageEgress: rule({ severity: 2, threshold: 5 * GIB, window: "P1D", frequency: "PT1H" }),
  /** Bytes sent by the site account in the window. Anyone can download public images. */
  siteEgress: rule({ severity: 2, threshold: 5 * GIB, window: "P1D", frequency: "PT1H" }),
  /** Locations of the availability test that find the app not ready. */
  readyCheck: rule({ severity: 0, threshold: 1, window: "PT30M" }),
  /** Failed runs of the notifier. Only e-mail can report these. */
  notifierFailed: rule({ severity: 1, threshold: 0, window: "PT15M", frequency: "PT5M" }),
});
export type RuleName = keyof z.infer<typeof rules>;
export type AlertRule = Readonly<z.infer<typeof rules>[RuleName]>;

/**
 * The only roles whose members Azure e-mails; any other is accepted, and no one hears of an alert.
 * https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups#email-azure-resource-manager
 */
const mailedRoles = {
  Owner: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
  Contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  Reader: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  "Monitoring Contributor": "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
  "Monitoring Reader": "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
} as const;

const slack = z
  .strictObject({
    /** `webhook` needs a secret in the vault, `managed-connector` a consent in the portal, `none` is e-mail only. */
    connection: z.enum(["webhook", "managed-connector", "none"]).default("webhook"),
    /** Channel that the managed connector posts to, by id or name. Slack binds a webhook to a channel. */
    channel: z.string().min(1).default("#alerts"),
  })
  .prefault({});

export const alertConfig = z
  .strictObject({
    /**
     * `full` has one log rule for each kind of problem, and the availability test. `lean` has two log rules for all kinds,
     * with the highest severity of their kinds, every 15 minutes; a kind keeps its threshold and window.
     */
    profile: z.enum(["lean", "full"]).default("lean"),
    rules: rules.prefault({}),
    slack,
    /** URL of docs/runbooks.md in your repository: the alerts link to its headings. */
    runbooks: z.url({ protocol: /^https$/ }).default("https://github.com/OWNER/vitae/blob/main/docs/runbooks.md"),
    /** Role of the subscription whose members receive e-mails. The default is `Owner`. */
    ownersRole: z
      .enum(mailedRoles, {
        error: `must be the id of a role that Azure e-mails: ${Object.entries(mailedRoles)
          .map(([name, id]) => `${id} (${name})`)
          .join(", ")}`,
      })
      .default(mailedRoles.Owner),
    /** Fewer requests in a window are too few for a duration alert: on a quiet day most of them are cold starts. */
    minRequests: z.int().positive().default(200),
    /** Alerts on metrics, except `readyCheck`. Azure charges for the eleventh and later ones of a subscription. */
    metricAlerts: z.boolean().default(true),
    /** The availability test of /api/health/ready. Azure charges for each call. */
    availability: z
      .strictObject({
        /** @default in the profile `full` only */
        enabled: z.boolean().optional(),
        /** Azure's ids of the test locations. */
        locations: z.array(z.string()).min(1).default(["emea-nl-ams-azr", "emea-gb-db3-azr"]),
      })
      .prefault({}),
    budget: z
      .strictObject({
        /** All previews share one budget, which bootstrap creates. */
        enabled: z.boolean().default(true),
        /**
         * Amount a month, in the currency of the subscription's bill. Terraform's provider accepts none below 1.
         * @default one and a half times the bill of 10,000 visits a month, and at least 5
         */
        amount: z.number().min(1).optional(),
      })
      .prefault({}),
  })
  .transform(({ availability: { enabled, ...test }, ...rest }) => ({
    ...rest,
    availability: { enabled: enabled ?? rest.profile === "full", ...test },
  }))
  .refine(
    ({ rules, availability }) =>
      !availability.enabled ||
      !rules.readyCheck.enabled ||
      availability.locations.length === 0 ||
      (Number.isInteger(rules.readyCheck.threshold) && rules.readyCheck.threshold < availability.locations.length),
    {
      path: ["rules", "readyCheck", "threshold"],
      error: "must be an integer below the number of availability.locations; a higher threshold never fires",
    },
  );
export type AlertConfig = Readonly<z.infer<typeof alertConfig>>;
/** The part of the configuration that a stage changes. */
export type AlertOverrides = z.input<typeof alertConfig>;
