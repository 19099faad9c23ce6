// All checks, in the order in which they run: what uses a limit up comes after what the limit would refuse.
import type { Check } from "./check.ts";
import { corsAllowed } from "./checks/cors-allowed.ts";
import { corsRefused } from "./checks/cors-refused.ts";
import { counter } from "./checks/counter.ts";
import { docs } from "./checks/docs.ts";
import { errors } from "./checks/errors.ts";
import { headers } from "./checks/headers.ts";
import { health } from "./checks/health.ts";
import { images } from "./checks/images.ts";
import { limits } from "./checks/limits.ts";
import { metrics } from "./checks/metrics.ts";
import { openapi } from "./checks/openapi.ts";
import { readiness } from "./checks/readiness.ts";
import { refusal } from "./checks/refusal.ts";
import { telemetry } from "./checks/telemetry.ts";
import { trace } from "./checks/trace.ts";

export const checks: readonly Check[] = [
  health,
  readiness,
  counter,
  images,
  refusal,
  errors,
  trace,
  headers,
  corsAllowed,
  corsRefused,
  openapi,
  docs,
  metrics,
  limits,
  telemetry,
];
