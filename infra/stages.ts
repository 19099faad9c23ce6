// What is particular to each stage. The file to edit before the first deployment: config.ts says what else there is.
import type { StageOverrides } from "./config.ts";

/** Your docs/runbooks.md, as a browser opens it: every alert links into it. Replace OWNER before you deploy. */
const runbooks = "https://github.com/OWNER/vitae/blob/main/docs/runbooks.md";

const production: StageOverrides = {
  region: "westeurope",
  // Your page. Replace it before you deploy.
  origins: ["https://www.example.com"],
  alerts: { runbooks },
};

/** Every preview-N. Gone with its pull request, so nothing of it is kept, and nobody is woken by it. */
const preview: StageOverrides = {
  ...production,
  vault: { purgeProtection: false, softDelete: 7 },
  telemetry: { dailyCap: 0.05 },
  scale: { maximumInstances: 2 },
  // Its owner hears by mail; nothing asks it from outside, which costs by the call.
  alerts: { runbooks, slack: { connection: "none" }, availability: { enabled: false } },
};

export const stages = { production, preview } as const;
