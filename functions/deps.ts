// Every dependency of the handlers, each created on first use and then shared: a cold start pays only for what it needs.
import { setTimeout as sleep } from "node:timers/promises";
import { accountDeps } from "./account-deps.ts";
import { findHashingIssue } from "./accounts/passwords.ts";
import { createConsoleFiles, defaultTable } from "./console/table.ts";
import { createDependencyChecks } from "./health/dependency-checks.ts";
import { imageDeps } from "./image-deps.ts";
import { checkSigningKeys } from "./lib/access/key-ring.ts";
import { checkContainer } from "./lib/azure/blob-service.ts";
import { watchCalls } from "./lib/azure/calls.ts";
import { checkTable } from "./lib/azure/tables.ts";
import { buildInfo } from "./lib/build-info.ts";
import { watchReceivedRequests } from "./lib/http/received-requests.ts";
import type { Api } from "./lib/http/route-table.ts";
import { createUnclaimedResponder } from "./lib/http/unclaimed.ts";
import { addLazily } from "./lib/lazily.ts";
import { consoleLog } from "./lib/log.ts";
import { containers, tables } from "./lib/names.ts";
import { bodyLimit, type Settings } from "./lib/settings-schema.ts";
import { dayIn } from "./lib/store-clock.ts";
import { type Platform, platformDeps } from "./platform-deps.ts";
import { createHistory } from "./visitor-counter/history.ts";
import { createImports } from "./visitor-counter/imports.ts";
import { createVisitRules } from "./visitor-counter/visit-rules.ts";
import { createVisitorCounter } from "./visitor-counter/visitor-counter.ts";

/** The host ends the process five seconds after appTerminate began (WorkerTerminateGracePeriodInSeconds). */
const CLOSE_MS = 3_500;

/** The host passes on no body that is much larger than an upload. */
const MAX_IMPORT_BYTES = 10 * 1024 * 1024;
/** A badge costs a table call at most once a minute. */
const BADGE_AGE_MS = 60_000;

function appDeps(settings: Settings, deps: Platform & ReturnType<typeof accountDeps> & ReturnType<typeof imageDeps>) {
  return {
    get visitsTable() {
      return deps.table(tables.visits, 0);
    },
    /** The calendar day of the site at a time in milliseconds since 1970. */
    get siteDay() {
      return dayIn(settings.SITE_TIME_ZONE);
    },
    get pages(): readonly string[] {
      return settings.PAGES;
    },
    get visits() {
      return createVisitorCounter({
        table: this.visitsTable,
        pages: settings.PAGES,
        timeZone: settings.SITE_TIME_ZONE,
        dailyWriteBudget: settings.DAILY_WRITE_BUDGET,
        uniques: settings.UNIQUES === "on",
        meter: deps.meter,
      });
    },
    get history() {
      return createHistory({
        table: deps.table(tables.visits, 2),
        visits: this.visits,
        timeZone: settings.SITE_TIME_ZONE,
      });
    },
    get imports() {
      return createImports({
        table: deps.table(tables.visits, 2),
        visits: this.visits,
        history: this.history,
        dayOf: dayIn(settings.SITE_TIME_ZONE),
        maxBytes: Math.min(MAX_IMPORT_BYTES, settings.MAX_UPLOAD_BYTES),
      });
    },
    get badgeNumbers() {
      return (page: string) => this.visits.recent(page, BADGE_AGE_MS);
    },
    get visitRules() {
      return createVisitRules({ countBots: settings.COUNT_BOTS === "true", uniques: settings.UNIQUES === "on" });
    },
    /** The limiter's table for the clean-up: deletes are safe to retry. */
    get limitsTable() {
      return deps.table(tables.limits, 2);
    },
    get receivedRequests() {
      return watchReceivedRequests({
        onUnclaimed: createUnclaimedResponder(deps),
        maxBodyBytes: bodyLimit(settings.MAX_UPLOAD_BYTES),
      });
    },

    get console() {
      const { CDN_BASE_URL, MEDIA__blobServiceUri, SITE_URL } = settings;
      const addresses = [MEDIA__blobServiceUri, CDN_BASE_URL, SITE_URL].filter((address) => address !== undefined);
      const imageOrigins = [...new Set(addresses.map((address) => new URL(address).origin))];
      return { files: createConsoleFiles(defaultTable(buildInfo.commit)), imageOrigins };
    },

    /** What the runtime lacks. */
    get warnings(): readonly string[] {
      const issue = findHashingIssue();
      return issue === undefined ? [] : [issue];
    },
    get checkDependencies() {
      const everyTable = Object.values(tables).map((name) => deps.table(name, 0));
      return createDependencyChecks({
        tables: (signal) => Promise.all(everyTable.map((table) => checkTable(table, signal))),
        blobs: (signal) =>
          Promise.all(Object.values(containers).map((name) => checkContainer(deps.blobs, name, signal))),
        vault: (signal) => checkSigningKeys(deps.vault, signal),
      });
    },

    /** Writes the visits that are still in memory and sends the telemetry, both at once, then what the writes measured. */
    async close() {
      const { visits } = this;
      const { telemetry } = deps;
      const committed = visits
        .close()
        .catch((error: unknown) => consoleLog.warn("close-failed", { error }))
        .then(() => telemetry.flush());
      await Promise.race([Promise.all([committed, telemetry.flush()]), sleep(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}

export function createDeps(settings: Settings) {
  const platform = addLazily({}, platformDeps(settings));
  const withAccounts = addLazily(platform, accountDeps(settings, platform));
  const withImages = addLazily(withAccounts, imageDeps(settings, platform));
  const deps = addLazily(withImages, appDeps(settings, withImages));
  const endpoints = {
    table: settings.TABLES_ENDPOINT,
    blob: [settings.MEDIA__blobServiceUri, settings.SITE_BLOB_ENDPOINT],
    vault: settings.VAULT_URI,
  };
  watchCalls(endpoints, (call) => deps.telemetry.recordCall(call));
  return deps;
}

/** What handlers can name: every dependency, and the API's description of itself. */
export type Deps = ReturnType<typeof createDeps> & { readonly api: Api };
