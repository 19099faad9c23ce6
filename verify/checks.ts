// All checks, in the order in which they run: what uses a limit up comes after what the limit would refuse.
import type { Check } from "./check.ts";
import { health } from "./checks/health.ts";
import { readiness } from "./checks/readiness.ts";

export const checks: readonly Check[] = [health, readiness];
