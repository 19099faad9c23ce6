// What the other dependencies are built on: the credential, telemetry, tables, limits and the shared budget of heavy work.
import { createCredential } from "./lib/azure/credential.ts";
import { createTableClient } from "./lib/azure/tables.ts";
import { createHeavyWork } from "./lib/heavy-work.ts";
import { createLimits, unlimited } from "./lib/limits/limiter.ts";
import { consoleLog } from "./lib/log.ts";
import { tables } from "./lib/names.ts";
import type { Settings } from "./lib/settings-schema.ts";
import { createTelemetry } from "./lib/telemetry.ts";

/** Every getter runs once: addLazily in lib/lazily.ts. */
export function platformDeps(settings: Settings) {
  return {
    get credential() {
      return createCredential(settings.AZURE_CLIENT_ID);
    },
    get telemetry() {
      return createTelemetry({
        ...(settings.APPLICATIONINSIGHTS_CONNECTION_STRING && {
          insights: {
            connectionString: settings.APPLICATIONINSIGHTS_CONNECTION_STRING,
            role: settings.WEBSITE_SITE_NAME ?? "vitae",
            credential: () => this.credential,
          },
        }),
        metrics: settings.METRICS_ENABLED !== "false",
        log: consoleLog,
      });
    },
    get meter() {
      return this.telemetry.meter;
    },
    /** @param retries 0 where a repeated conditional write would fail on its own first attempt */
    table(table: string, retries: number) {
      return createTableClient({ endpoint: settings.TABLES_ENDPOINT, table, credential: this.credential, retries });
    },
    get limits() {
      if (settings.RATE_LIMITS === "off") return unlimited;
      return createLimits({ quotas: settings.quotas, table: () => this.limiterTable, log: consoleLog });
    },
    get limiterTable() {
      return this.table(tables.limits, 0);
    },
    get heavyWork() {
      return createHeavyWork();
    },
  };
}
export type Platform = ReturnType<typeof platformDeps>;
