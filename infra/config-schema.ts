// The schema of a stage's configuration: every field, its rule and its default.
import { z } from "zod";
import { type AppSettings, settingRules } from "../functions/lib/settings-schema.ts";
import { alertConfig } from "./alerting/config.ts";

export type Stage = "production" | `preview-${number}`;

const origin = z
  .string()
  .regex(
    /^https:\/\/[a-z0-9.-]+(?::\d+)?$/,
    "must be an https origin without a path, such as https://www.example.com: browsers compare it exactly",
  );
const count = (min: number, max: number) => z.int().min(min).max(max);
const days = (min: number, max: number) => count(min, max).describe("days");

type SettingName = keyof typeof settingRules;

/** Validates a value by the app's own rule for the setting that is made of it. */
const asSetting =
  <T>(name: SettingName, toText: (value: T) => string) =>
  (value: T, context: z.RefinementCtx) => {
    for (const { message } of settingRules[name].safeParse(toText(value)).error?.issues ?? [])
      context.addIssue({ code: "custom", message });
  };

const scale = z
  .strictObject({
    /**
     * Concurrent requests of one instance. Azure's default for 2,048 MB is 16, which would spread simultaneous visits
     * over several instances that compete for the same row.
     */
    httpConcurrency: count(1, 1000).default(100),
    /**
     * Instances times memory bounds the execution time that is billed. The most is 30: one row of the counter admits 64
     * live writers, and an instance that Azure has just replaced stays one for ten minutes. Whether Azure bounds the app
     * or each of its groups (HTTP, blob events, every other function) is unknown; only the first serves visits.
     */
    maximumInstances: count(1, 30).default(12),
    /**
     * Megabytes of an instance. Flex Consumption also has 512, which is too little: decodes take up to 900 MB, uploads in
     * flight 128 MiB (decision 025).
     */
    instanceMemory: z
      .literal([2048, 4096], "must be 2048 or 4096: images take up to 1,200 MB of an instance, and 512 would be killed")
      .default(2048),
    /** Always-ready instances by trigger group, about 20 USD a month each. @default none */
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
    /** From then on originals cost less to store and more to read; they stay readable at once. */
    coolAfter: days(1, 3650).default(30),
    coldAfter: days(1, 3650).default(90),
    /** Reads of an archived original return 409 until it is rehydrated, which takes hours. @default never */
    archiveAfter: days(1, 3650).optional(),
    oldVersions: days(1, 3650).default(30),
  })
  .refine((it) => it.coolAfter < it.coldAfter && (it.archiveAfter === undefined || it.coldAfter < it.archiveAfter), {
    path: ["coldAfter"],
    message: "must lie between coolAfter and archiveAfter",
  })
  .prefault({});

export type LimitSetting = Extract<keyof AppSettings, `RATE_LIMIT_${string}`>;
type LimitName = LimitSetting extends `RATE_LIMIT_${infer Name}` ? Lowercase<Name> : never;
const limitNames = Object.keys(settingRules)
  .filter((name) => name.startsWith("RATE_LIMIT_"))
  .map((name) => name.slice("RATE_LIMIT_".length).toLowerCase() as LimitName);
const limit = count(1, 100_000).optional();
/** Requests a minute by limit class. @default as functions/lib/settings-schema.ts has it */
const limits = z
  .strictObject(Object.fromEntries(limitNames.map((name) => [name, limit])) as Record<LimitName, typeof limit>)
  .prefault({});

/** Further settings of the app that a stage may set, under the app's own names and rules. */
const choices = [
  "COUNT_BOTS",
  "UNIQUES",
  "LOG_LEVEL",
  "MAX_UPLOAD_BYTES",
  "MAX_IMAGE_PIXELS",
  "THUMBNAIL_WIDTHS",
  "IMAGE_REPAIR_LIMIT",
  "TOKEN_ISSUER",
  "TOKEN_AUDIENCE",
  "ENTRA_TENANT_ID",
  "ENTRA_AUDIENCE",
  "SIGNING_KEY_LIFETIME_DAYS",
  "SIGNING_KEY_TRANSITION_DAYS",
] as const;

/** The number of days, or the app's default. Undefined for an invalid one, which has an issue of its own. */
const daysOf = (name: "SIGNING_KEY_LIFETIME_DAYS" | "SIGNING_KEY_TRANSITION_DAYS", text: string | undefined) =>
  settingRules[name].safeParse(text).data;
const settings = z
  .strictObject(
    Object.fromEntries(
      choices.map((name) => [name, z.string().superRefine(asSetting(name, String)).optional()]),
    ) as Record<(typeof choices)[number], z.ZodOptional<z.ZodString>>,
  )
  .refine((it) => (it.ENTRA_TENANT_ID === undefined) === (it.ENTRA_AUDIENCE === undefined), {
    path: ["ENTRA_TENANT_ID"],
    message: "and ENTRA_AUDIENCE must be set together, or neither",
  })
  .refine(
    (it) =>
      (daysOf("SIGNING_KEY_TRANSITION_DAYS", it.SIGNING_KEY_TRANSITION_DAYS) ?? 0) <
      (daysOf("SIGNING_KEY_LIFETIME_DAYS", it.SIGNING_KEY_LIFETIME_DAYS) ?? Number.POSITIVE_INFINITY),
    { path: ["SIGNING_KEY_TRANSITION_DAYS"], message: "must be less than SIGNING_KEY_LIFETIME_DAYS" },
  )
  .prefault({});

const fields = z.strictObject({
  stage: z.string(),
  /** Azure region of every resource, in Azure's spelling without spaces. */
  region: z.string().regex(/^[a-z]+[0-9]?$/, 'must be a region as "az account list-locations" names it: swedencentral'),
  /** Sites whose scripts may call the API and use image links, in addition to the website of `site`. */
  origins: z.array(origin),
  site: z
    .strictObject({
      /** Deploys the page of site/ to the stage's static website, whose origin then is one of `origins` by itself. */
      enabled: z.boolean().default(false),
    })
    .prefault({}),
  /**
   * Host names of the API in addition to the one that Azure gives it, such as `api.example.com`. Pages of the API's own host
   * names may use the cookie of a session. Binding the domain to the app is done by hand.
   */
  hostNames: z
    .array(z.string().regex(/^(?:[a-z0-9-]+\.)+[a-z]{2,}$/, "must be a host name, such as api.example.com"))
    .default([]),
  /** With it the owner of the site signs in. seed-entity creates the account; no e-mail is sent. */
  ownerEmail: z.email("must be an e-mail address, such as ada@example.com"),
  pages: z
    .array(z.string())
    .min(1)
    .superRefine(asSetting("PAGES", (list) => list.join(",")))
    .default(["resume"]),
  timeZone: z
    .string()
    .superRefine(asSetting("SITE_TIME_ZONE", (zone) => zone))
    .default("UTC"),
  /** Writes of the counter for one page and day after which it writes once a minute. */
  dailyWriteBudget: count(1, 1_000_000_000).default(50_000),
  limits,
  scale,
  lifecycle,
  telemetry: z
    .strictObject({
      /** Gigabytes a day after which Application Insights drops telemetry. The first 5 of a month are free. */
      dailyCap: z.number().min(0.023).max(100).default(0.2),
      /** Days. */
      retention: z.literal([30, 60, 90]).default(30),
    })
    .prefault({}),
  vault: z
    .strictObject({
      /** Cannot be turned off again. */
      purgeProtection: z.boolean(),
      /** Days for which a deleted secret or vault can be recovered. Cannot be changed later. */
      softDelete: days(7, 90),
    })
    .prefault({ purgeProtection: true, softDelete: 90 }),
  /** A Front Door before the media account, about 35 USD a month. @default links lead to the account itself */
  frontDoor: z.boolean().default(false),
  /** Serves /api/openapi.json. */
  openapi: z.boolean().default(true),
  /** Serves /api/metrics to everyone. Application Insights has the same numbers. */
  publicMetrics: z.boolean().default(false),
  settings,
  alerts: alertConfig.prefault({}),
});

export const stageConfig = fields.refine(({ origins, site }) => origins.length > 0 || site.enabled, {
  path: ["origins"],
  message: "must name at least one origin, or no page can show its number, unless site.enabled is true",
});
export type StageConfig = Readonly<Omit<z.output<typeof stageConfig>, "stage"> & { stage: Stage }>;
/** The fields that a stage sets; all others have their defaults. */
export type StageOverrides = Omit<z.input<typeof stageConfig>, "stage">;
