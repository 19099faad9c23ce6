// Sessions: sign-ins and their refresh tokens, exact among instances by one conditional Replace a rotation.
// docs/decisions/028.
import { randomBytes, randomUUID } from "node:crypto";
import type { User } from "../lib/access/roster.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import { logSecurityEvent } from "../lib/security-event.ts";
import type { StoreClock } from "../lib/store-clock.ts";
import { clientName } from "./client-name.ts";
import { decide, endOf, type Family } from "./family.ts";
import {
  formatRefreshToken,
  hashOf,
  isGenuine,
  parseRefreshToken,
  type RefreshToken,
  SECRET_BYTES,
} from "./refresh-token.ts";
import type { SessionRows, StoredFamily } from "./session-rows.ts";
import { createSettle, type Timing } from "./settle.ts";

/** Times in milliseconds since 1970. */
export type SessionSummary = { readonly id: string } & Pick<Family, "createdAt" | "usedAt" | "client">;

/** Methods throw DEPENDENCY_UNAVAILABLE when the table fails, or does not settle within seconds. */
export type Sessions = {
  /** Starts a session. Call `endSurplus` once nothing can fail any more. */
  start(
    user: Pick<User, "id" | "validFrom">,
    userAgent: string | null,
  ): Promise<{ refreshToken: string; session: string }>;
  /** Ends the least recently used sessions of a user beyond `MAX_SESSIONS`. */
  endSurplus(userId: string): Promise<void>;
  /**
   * @param validFrom seconds since 1970: sessions of the user that started before are rejected
   * @returns undefined for a token that is invalid, expired, revoked or reused
   */
  refresh(refreshToken: string, validFrom: number): Promise<{ refreshToken: string } | undefined>;
  /** Ends the session of the token, also of an earlier token of the session. Any other text changes nothing. */
  revoke(refreshToken: string): Promise<void>;
  /** Most recently used first. */
  list(userId: string): Promise<readonly SessionSummary[]>;
  /** False if the user has no such session. */
  end(userId: string, session: string): Promise<boolean>;
  /** Ends all sessions of a user, except one. */
  endAll(userId: string, except?: string): Promise<void>;
};

type Options = {
  readonly rows: SessionRows;
  readonly clock: StoreClock;
  readonly log: Log;
  readonly meter: Meter;
  readonly timing?: Timing;
};

export const MAX_SESSIONS = 20;

export function createSessions({ rows, clock, log, meter, timing = {} }: Options): Sessions {
  const { elapsed = () => performance.now() } = timing;
  const settle = createSettle("sessions", timing);

  /** The row, "again" if a read did not return it although it exists, undefined if there is none. */
  async function find({ userId, familyId }: RefreshToken): Promise<StoredFamily | "again" | undefined> {
    const stored = await rows.read(userId, familyId);
    if (stored) return stored;
    return (await rows.exists(userId, familyId)) ? "again" : undefined;
  }

  const isLive = (family: Family) => !family.isRevoked && clock.now().latest < endOf(family);
  /** Most recently used first; expired and revoked families come last. */
  const byUse = (a: Family, b: Family) =>
    Number(isLive(b)) - Number(isLive(a)) || b.usedAt - a.usedAt || (a.familyId < b.familyId ? -1 : 1);

  async function remove(userId: string, familyId: string): Promise<boolean> {
    let isRepeated = false;
    return settle(async () => {
      const wasRepeated = isRepeated;
      isRepeated = true;
      // After an attempt whose outcome is unknown, a missing row is the one that was removed.
      return (await rows.remove(userId, familyId)) || wasRepeated;
    });
  }

  return {
    async start({ id: userId, validFrom }, userAgent) {
      const [familyId, key, secret] = [randomUUID(), randomBytes(SECRET_BYTES), randomBytes(SECRET_BYTES)];
      // Clocks of instances differ by up to a second, and a session is never older than the change that permits it.
      const createdAt = Math.max(clock.now().latest, validFrom * 1000);
      const first = { userId, familyId, key, current: hashOf(secret), retired: [], createdAt, usedAt: createdAt };
      const family: Family = { ...first, client: clientName(userAgent), isRevoked: false };
      // Ids are unique: an existing row is that of an earlier attempt whose response was lost.
      await settle(() => rows.create(family));
      return { refreshToken: formatRefreshToken(key, { userId, familyId, secret }), session: familyId };
    },

    async endSurplus(userId) {
      const stored = await settle(() => rows.list(userId));
      const surplus = stored.toSorted((a, b) => byUse(a.family, b.family)).slice(MAX_SESSIONS);
      // Under the ETag: a session that is used meanwhile is no longer the least recently used, and survives.
      const removed = surplus.map(({ family, etag }) => rows.remove(userId, family.familyId, etag).catch(() => false));
      await Promise.all(removed);
    },

    async refresh(refreshToken, validFrom) {
      const token = parseRefreshToken(refreshToken);
      if (!token) return undefined;
      const arrivedAt = elapsed();
      let hasFoundReuse = false;
      const reportReuse = () =>
        logSecurityEvent({ log, meter }, "refresh-token-reused", { user: token.userId, session: token.familyId });
      return settle(async () => {
        const stored = await find(token);
        if (stored === undefined || stored === "again") return stored;
        const { family, etag } = stored;
        if (Math.floor(family.createdAt / 1000) < validFrom) return undefined;
        // The clock has observed the read, so it is right now also in an instance that has just started.
        const { earliest, latest } = clock.now();
        const now = { earliest: earliest - (elapsed() - arrivedAt), latest };
        const decision = decide(family, token, { now, salt: randomBytes(SECRET_BYTES) });
        switch (decision.kind) {
          case "invalid":
            // This call has revoked the family, and the response was lost.
            if (family.isRevoked && hasFoundReuse) reportReuse();
            return undefined;
          case "repeat":
            return { refreshToken: decision.token };
          case "rotate":
            return (await rows.replace(decision.family, etag)) ? { refreshToken: decision.token } : "again";
          case "reuse":
            hasFoundReuse = true;
            if (!(await rows.replace(decision.family, etag))) return "again";
            reportReuse();
            return undefined;
        }
      });
    },

    async revoke(refreshToken) {
      const token = parseRefreshToken(refreshToken);
      if (!token) return;
      const isHolder = await settle(async () => {
        const stored = await find(token);
        if (stored === "again") return stored;
        return stored !== undefined && isGenuine(token, stored.family.key);
      });
      if (isHolder) await remove(token.userId, token.familyId);
    },

    async list(userId) {
      const stored = await settle(() => rows.list(userId));
      const families = stored.map(({ family }) => family).filter(isLive);
      return families
        .toSorted(byUse)
        .map(({ familyId: id, createdAt, usedAt, client }) => ({ id, createdAt, usedAt, client }));
    },

    end: remove,

    async endAll(userId, except) {
      const stored = await settle(() => rows.list(userId));
      const others = stored.map(({ family }) => family.familyId).filter((id) => id !== except);
      await Promise.all(others.map((id) => remove(userId, id)));
    },
  };
}
