// POST /v1/keys/rotate: publishes a new signing key, and on request revokes all others.
import { z } from "zod";
import { LIST_INTERVAL_MS } from "../lib/access/key-ring.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import type { AccountLog } from "./account-log.ts";
import type { KeyRotation } from "./keys-rotation.ts";

const rotation = z.object({
  id: z.string().meta({ description: "The kid of the newest key." }),
  createdAt: z.iso.datetime(),
  revoked: z.int().meta({ description: "How many versions of the secret were disabled." }),
  effectiveWithinSeconds: z.int().meta({
    description: "By then every instance knows the change, and rejects tokens of a revoked key.",
  }),
});

type Deps = { keyRotation: Pick<KeyRotation, "rotate" | "revoke">; accountLog: AccountLog };

export const rotateKeys = guardedOperation({
  tag: "Keys",
  summary: "Rotate the signing key",
  description:
    "Publishes a new key, which signs after ten minutes; the previous one verifies for 16 minutes more. A key that is published and does not sign yet is returned instead. With revoke, the new key signs at once and every other key is disabled: all access tokens are rejected within a minute, the caller's too. Sessions continue with their refresh tokens. Repeat a revocation that failed.",
  body: z.strictObject({
    revoke: z.boolean("must be true or false").default(false).meta({ description: "True if a key has leaked." }),
  }),
  responses: { 200: { description: "The newest key.", schema: rotation } },
  errors: ["CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: { CONFLICT: 'The secret "signing-keys" is soft-deleted: recover or purge it first.' },
  example: {
    body: { revoke: false },
    response: {
      id: "6f1de6a4-6a53-4f06-9d0c-3a3f86f0b6a1",
      createdAt: "2026-11-21T10:00:00.000Z",
      revoked: 0,
      effectiveWithinSeconds: 60,
    },
  },
  handler: async ({ body: { revoke }, caller: by }, { keyRotation, accountLog }: Deps) => {
    const { key, revoked, isNew } = revoke
      ? { ...(await keyRotation.revoke()), isNew: true }
      : { ...(await keyRotation.rotate()), revoked: 0 };
    if (isNew) accountLog.keyCreated({ key: key.id, by });
    if (revoke) accountLog.keysRevoked({ key: key.id, by, disabled: revoked });
    const createdAt = new Date(key.createdOn).toISOString();
    return { json: { id: key.id, createdAt, revoked, effectiveWithinSeconds: LIST_INTERVAL_MS / 1000 } };
  },
});
