// The users of the site: all in one row, so that one conditional Replace decides what concerns several of them.
import type { Role } from "./permissions.ts";

export const tiers = ["free", "basic", "pro", "enterprise"] as const;
export type Tier = (typeof tiers)[number];

export type User = {
  /** `owner` for the seeded account, else a UUID. */
  readonly id: string;
  /** Normalized: NFC, lower case. Unique in the roster. */
  readonly email: string;
  readonly role: Role;
  readonly tier: Tier;
  readonly state: "active" | "disabled";
  /** Seconds since 1970 by the store's clock: tokens issued and sessions started before it are rejected. */
  readonly validFrom: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
};

export const MAX_USERS = 100;

/** At most `MAX_USERS`. */
export type Roster = readonly User[];
