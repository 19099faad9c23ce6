// What a stage is made of: every value with its default, and the check that names all faults of them at once.
import { z } from "zod";
import { settingRules } from "../functions/lib/settings.ts";
import { alertConfig } from "./alerting/config.ts";
import { stages } from "./stages.ts";

export type Stage = "production" | `preview-${number}`;

const origin = z
  .string()
  .regex(
    /^https:\/\/[a-z0-9.-]+(?::\d+)?$/,
    "must be an https origin without a path, such as https://www.example.com: browsers compare it letter by letter",
  );
const count = (least: number, most: number) => z.int().min(least).max(most);
const days = (least: number, most: number) => count(least, most).describe("days");

/** Asks the app's own rule of a setting, and says what it would say. */
const asSetting =
  <T>(name: keyof typeof settingRules, written: (value: T) => string) =>
  (value: T, context: z.RefinementCtx) => {
    for (const { message } of settingRules[name].safeParse(written(value)).error?.issues ?? [])
      context.addIssue({ code: "custom", message });
  };

const scale = z
  .strictObject({
    /**
     * Requests that one instance answers at once. Azure's own figure for 2 048 MB is 16, with which visits that arrive
     * together are spread over instances, and each writes the same row against the others.
     */
    httpConcurrency: count(1, 1000).default(100),
    /** More instances lose more of their conditional writes to each other; and this times memory bounds the bill. */
    maximumInstances: count(1, 1000).default(10),
    /** Megabytes of an instance; Flex Consumption knows three sizes. Pictures of 50 megapixels want the middle one. */
    instanceMemory: z.literal([512, 2048, 4096]).default(2048),
    /** Instances that never sleep, by what they answer. About 20 USD a month each; none by default. */
    alwaysReady: z
      .record(
        z.string().regex(/^(?:http|blob|durable|function:[a-z0-9-]+)$/, "must be http, blob, durable or function:NAME"),
        count(1, 1000),
      )
      .default({}),
  })
  .refine((it) => Object.values(it.alwaysReady).reduce((sum, n) => sum + n, 0) <= it.maximumInstances, {
    path: ["alwaysReady"],
    message: "must not add up to more than maximumInstances",
  })
  .prefault({});

const lifecycle = z
  .strictObject({
    /** Values of the blob index tag `retention` that end a picture, each after that many days. Others never do. */
    retention: z.array(days(1, 3650)).default([90, 180, 365]),
    /** Originals cost less to keep and more to read from then on, and are read at once all the same. */
    coolAfter: days(1, 3650).default(30),
    coldAfter: days(1, 3650).default(90),
    /** An archived original answers 409 until somebody wakes it, which takes hours. @default never */
    archiveAfter: days(1, 3650).optional(),
    oldVersions: days(1, 3650).default(30),
    stagedUploads: days(1, 2).default(1),
  })
  .refine((it) => it.coolAfter < it.coldAfter && (it.archiveAfter === undefined || it.coldAfter < it.archiveAfter), {
    path: ["coldAfter"],
    message: "must lie between coolAfter and archiveAfter",
  })
  .prefault({});

/** Names of AppSettings; what is left out has the default that functions/lib/settings.ts gives it. */
const limits = z
  .strictObject({
    authenticated: count(1, 100_000).optional(),
    anonymous: count(1, 100_000).optional(),
    visits: count(1, 100_000).optional(),
    uploads: count(1, 100_000).optional(),
    secret: count(1, 100_000).optional(),
    keys: count(1, 100_000).optional(),
  })
  .prefault({});

/** Further settings of the app that a stage may choose, as functions/lib/settings.ts calls and reads them. */
const choices = ["LOG_LEVEL", "MAX_UPLOAD_BYTES", "MAX_IMAGE_PIXELS", "TOKEN_ISSUER", "TOKEN_AUDIENCE"] as const;
const settings = z
  .strictObject(
    Object.fromEntries(
      choices.map((name) => [name, z.string().superRefine(asSetting(name, String)).optional()]),
    ) as Record<(typeof choices)[number], z.ZodOptional<z.ZodString>>,
  )
  .prefault({});

const stageConfig = z.strictObject({
  stage: z.string(),
  /** As Azure writes it, without spaces: where everything stands. */
  region: z.string().regex(/^[a-z]+[0-9]?$/, 'must be a region as "az account list-locations" names it: westeurope'),
  /** Whose pages may read answers, and put and get pictures. */
  origins: z.array(origin).min(1, "must name at least one origin, or no page can show its number"),
  pages: z
    .array(z.string())
    .min(1)
    .superRefine(asSetting("PAGES", (list) => list.join(",")))
    .default(["resume"]),
  timeZone: z
    .string()
    .superRefine(asSetting("SITE_TIME_ZONE", (zone) => zone))
    .default("UTC"),
  /** Writes of the counter on one page and day, beyond which it writes once a minute. */
  dailyWriteBudget: count(1, 1_000_000_000).default(50_000),
  limits,
  scale,
  lifecycle,
  telemetry: z
    .strictObject({
      /** Gigabytes a day, beyond which Application Insights takes no more. The first 5 of a month are free. */
      dailyCap: z.number().positive().max(100).default(0.2),
      retention: z.literal([30, 60, 90]).default(30),
    })
    .prefault({}),
  vault: z
    .strictObject({
      /** Can never be taken back. */
      purgeProtection: z.boolean(),
      /** Days that a deleted secret or vault can be brought back. Cannot be changed later. */
      softDelete: days(7, 90),
    })
    .prefault({ purgeProtection: true, softDelete: 90 }),
  /** A Front Door before the media account, about 35 USD a month. @default links lead to the account itself */
  frontDoor: z.boolean().default(false),
  /** Whether /api/openapi.json is answered. */
  openapi: z.boolean().default(true),
  /** Whether anybody may read /api/metrics. Application Insights has the same numbers. */
  publicMetrics: z.boolean().default(false),
  settings,
  alerts: alertConfig.prefault({}),
});
export type StageConfig = Readonly<Omit<z.output<typeof stageConfig>, "stage"> & { stage: Stage }>;
/** What a stage sets; the rest has its default. */
export type StageOverrides = Omit<z.input<typeof stageConfig>, "stage">;

/** @throws {Error} when it is no stage, saying which there are */
export function parseStage(text: string | undefined): Stage {
  if (text !== undefined && /^(?:production|preview-[1-9]\d{0,5})$/.test(text)) return text as Stage;
  throw new Error(`A stage is production or preview-N, N the number of a pull request; received "${text ?? ""}".`);
}

/** The value at a path, as the message shows it. Nothing in a configuration is secret. */
function valueAt(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  return found === undefined ? "nothing" : JSON.stringify(found);
}

/**
 * The configuration of a stage: what stages.ts says, what the caller says instead, and defaults.
 * @throws {Error} naming every field that is wrong, what it is and what it should be
 */
export function readConfig(stage: Stage, overrides: Partial<StageOverrides> = {}): StageConfig {
  const given = { ...stages[stage === "production" ? "production" : "preview"], ...overrides, stage };
  const { success, data, error } = stageConfig.safeParse(given);
  if (success) return data as StageConfig;
  const faults = error.issues.map(
    ({ path, message }) => `  ${path.join(".") || "configuration"}: ${message}. Received ${valueAt(given, path)}.`,
  );
  throw new Error(
    `The configuration of ${stage} has ${faults.length} fault(s), to be mended in infra/stages.ts:\n${faults.join("\n")}`,
  );
}
