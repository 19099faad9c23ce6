// The values of each stage. Edit this file before the first deployment; config-schema.ts lists all fields.
import { triggerNames } from "../functions/lib/names.ts";
import type { StageOverrides } from "./config-schema.ts";

/** Address of your docs/runbooks.md in a browser. Every alert links to it. Replace OWNER before you deploy. */
const runbooks = "https://github.com/OWNER/vitae/blob/main/docs/runbooks.md";

const production: StageOverrides = {
  region: "westeurope",
  // The origin of your page. Replace it before you deploy; if your page is the one of site/ alone, [] and the next line.
  origins: ["https://www.example.com"],
  // site: { enabled: true },
  // The address with which you sign in. Replace it before you deploy.
  ownerEmail: "owner@example.com",
  alerts: { runbooks },
};

/** Every preview-N. It is deleted with its pull request, so it keeps no data, and its alerts go to no one on call. */
const preview: StageOverrides = {
  ...production,
  // No person's address: previews belong to none.
  ownerEmail: "owner@preview.invalid",
  vault: { purgeProtection: false, softDelete: 7 },
  telemetry: { dailyCap: 0.05 },
  // Azure may count the groups together: HTTP, blob events, the queue and each timer need an instance of their own.
  scale: { maximumInstances: 1 + triggerNames.length },
  // Alerts by mail only, and no availability test, which costs money for each call.
  alerts: { runbooks, slack: { connection: "none" }, availability: { enabled: false } },
};

export const stages = { production, preview } as const;
