// GET /v1/keys: the enabled signing keys with their states.
import { z } from "zod";
import type { KeyRing } from "../lib/access/key-ring.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import type { StoreClock } from "../lib/store-clock.ts";
import { exampleKey, keyResponse, toResponses } from "./keys-response.ts";

export const listKeys = guardedOperation({
  tag: "Keys",
  summary: "List the signing keys",
  description:
    "Returns the enabled keys of the vault as they are now, the oldest first. Keys themselves stay in the vault.",
  responses: { 200: { description: "The keys.", schema: z.object({ keys: z.array(keyResponse) }) } },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  example: { response: { keys: [exampleKey] } },
  handler: async (
    _,
    deps: { keyRing: KeyRing; accountsClock: StoreClock; keyTimes: { readonly lifetimeMs: number } },
  ) => {
    const versions = await deps.keyRing.reload();
    const now = deps.accountsClock.now().latest;
    return { json: { keys: versions.flatMap((version) => toResponses(version, { ...deps.keyTimes, now })) } };
  },
});
