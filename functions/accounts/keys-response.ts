// A signing key in responses.
import { z } from "zod";
import type { KeyVersion } from "../lib/access/key-ring.ts";
import { keyStates, stateAt } from "../lib/access/key-states.ts";

export const keyResponse = z
  .object({
    id: z.string().meta({ description: "The kid of the tokens that it signs." }),
    state: z.enum(keyStates).meta({
      description: "Published: verifies and will sign. Verifying: has signed. Retired: neither, and soon disabled.",
    }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().meta({
      description: "When it stops verifying; without a successor, the end of its lifetime, after which it still signs.",
    }),
  })
  .meta({ id: "SigningKey", description: "A key that signs or verifies access tokens." });

export const exampleKey: z.input<typeof keyResponse> = {
  id: "6f1de6a4-6a53-4f06-9d0c-3a3f86f0b6a1",
  state: "signing",
  createdAt: "2026-11-21T10:00:00.000Z",
  expiresAt: "2026-12-21T10:00:00.000Z",
};

/** @param options.now milliseconds since 1970 */
export function toResponses(version: KeyVersion, { now, lifetimeMs }: { now: number; lifetimeMs: number }) {
  const { createdOn, verifiesUntil, keys } = version;
  const state = stateAt(version, now);
  const expiresAt = Number.isFinite(verifiesUntil) ? verifiesUntil : createdOn + lifetimeMs;
  return keys.map(({ kid }, index) => ({
    id: kid,
    // Of a set only the first key signs.
    state: index > 0 && state !== "retired" ? ("verifying" as const) : state,
    createdAt: new Date(createdOn).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
  }));
}
