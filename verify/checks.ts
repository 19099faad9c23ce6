// All checks, in their order: the check of the limits uses up a limit, so it runs late.
import type { Check } from "./check.ts";
import { authentication } from "./checks/authentication.ts";
import { corsAllowed } from "./checks/cors-allowed.ts";
import { corsRejected } from "./checks/cors-rejected.ts";
import { counter } from "./checks/counter.ts";
import { docs } from "./checks/docs.ts";
import { errors } from "./checks/errors.ts";
import { headers } from "./checks/headers.ts";
import { health } from "./checks/health.ts";
import { images } from "./checks/images.ts";
import { keySet } from "./checks/key-set.ts";
import { limits } from "./checks/limits.ts";
import { metrics } from "./checks/metrics.ts";
import { openapi } from "./checks/openapi.ts";
import { readiness } from "./checks/readiness.ts";
import { refresh } from "./checks/refresh.ts";
import { revocation } from "./checks/revoke.ts";
import { signIn } from "./checks/sign-in.ts";
import { telemetry } from "./checks/telemetry.ts";
import { trace } from "./checks/trace.ts";

export const checks: readonly Check[] = [
  health,
  readiness,
  counter,
  images,
  authentication,
  signIn,
  refresh,
  revocation,
  keySet,
  errors,
  trace,
  headers,
  corsAllowed,
  corsRejected,
  openapi,
  docs,
  metrics,
  limits,
  telemetry,
];
