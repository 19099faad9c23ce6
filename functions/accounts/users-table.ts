// The roster in the table `users`: one row, so that one conditional Replace decides what concerns several users.
import { z } from "zod";
import { roles } from "../lib/access/permissions.ts";
import { MAX_USERS, type Roster, states, type User } from "../lib/access/roster.ts";
import { AppError } from "../lib/errors.ts";
import { tiers } from "../lib/retention.ts";
import type { Rows } from "./rows.ts";
import { createSettle, type Timing } from "./settle.ts";

export type Users = {
  /**
   * Reads the roster from the table.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE
   */
  read(): Promise<Roster>;
  /**
   * Replaces the roster by what `decide` returns for it, and returns that. `decide` is called again with the current
   * roster when another writer was first, or when the response was lost: then its own change may be in the roster already.
   * Returning the same roster writes nothing.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE, and whatever `decide` throws
   */
  change(decide: (roster: Roster) => Roster): Promise<Roster>;
};

type Options = {
  readonly rows: Rows;
  /** Rejects when the table is missing, which a read of a row cannot tell from a missing row. */
  readonly checkTable: () => Promise<void>;
  /** Receives every roster read or written. `startedAt` is on the clock of `performance.now()`. */
  readonly onRoster?: (roster: Roster, startedAt: number) => void;
  readonly timing?: Timing;
};

const KEYS = { partitionKey: "roster", rowKey: "roster" };
/** A property holds 64 KiB in UTF-16, and a user takes at most 1 KiB. */
const USERS_PER_PROPERTY = 50;

/** What a user has instead of a value that this release does not know: no right that an older release cannot judge. */
const FALLBACK = { role: "viewer", tier: "enterprise", state: "disabled" } as const;
/** The unknown values themselves. A symbol, so that copies of the user keep them, and JSON does not show them. */
const UNKNOWN = Symbol("unknown values");
type Unknown = { [UNKNOWN]?: Partial<Record<keyof typeof FALLBACK, string>> };

// Loose, so that an older release keeps the fields and values of a newer one, also after a rollback.
const schema = z.array(
  z
    .looseObject({
      id: z.string(),
      email: z.string(),
      role: z.string(),
      tier: z.string(),
      state: z.string(),
      validFrom: z.number(),
      createdAt: z.number(),
    })
    .transform((row): User => {
      const known: Record<keyof typeof FALLBACK, readonly string[]> = { role: roles, tier: tiers, state: states };
      const unknown = (["role", "tier", "state"] as const).filter((name) => !known[name].includes(row[name]));
      const user = { ...row, ...pick(FALLBACK, unknown) } as User;
      return unknown.length === 0 ? user : Object.assign(user, { [UNKNOWN]: pick(row, unknown) });
    }),
);

const pick = <T extends object, K extends keyof T>(from: T, names: readonly K[]) =>
  Object.fromEntries(names.map((name) => [name, from[name]])) as Partial<Pick<T, K>>;

/** The user with the unknown values that no change has replaced. */
function restoreUnknown(user: User & Unknown): object {
  const unchanged = Object.entries(user[UNKNOWN] ?? {}).filter(([name]) => {
    const key = name as keyof typeof FALLBACK;
    return user[key] === FALLBACK[key];
  });
  return { ...user, ...Object.fromEntries(unchanged) };
}

/** The properties `users0`, `users1`: JSON arrays. */
export function toRow(roster: Roster): Record<string, string> {
  const parts = Array.from({ length: MAX_USERS / USERS_PER_PROPERTY }, (_, index) =>
    roster.slice(index * USERS_PER_PROPERTY, (index + 1) * USERS_PER_PROPERTY).map(restoreUnknown),
  );
  return Object.fromEntries(parts.map((part, index) => [`users${index}`, JSON.stringify(part)]));
}

function fromRow(row: Record<string, unknown>): Roster {
  try {
    return Object.keys(toRow([])).flatMap((name) => schema.parse(JSON.parse(String(row[name] ?? "[]"))));
  } catch {
    // Without the cause, which quotes e-mail addresses.
    throw new AppError(
      "DEPENDENCY_UNAVAILABLE",
      "The row of the roster is malformed: restore the table from its backup",
    );
  }
}

export function createUsers({ rows, checkTable, onRoster, timing }: Options): Users {
  const settle = createSettle("users", timing);
  async function load(): Promise<{ roster: Roster; etag?: string }> {
    const startedAt = performance.now();
    const row = await rows.find<Record<string, unknown>>(KEYS);
    if (!row) {
      await checkTable().catch((cause: unknown) => {
        throw new AppError("DEPENDENCY_UNAVAILABLE", "The users table failed", { cause, retryAfter: 5 });
      });
      return { roster: [] };
    }
    const roster = fromRow(row);
    onRoster?.(roster, startedAt);
    return { roster, etag: row.etag };
  }
  return {
    read: async () => (await load()).roster,
    change: (decide) =>
      settle(async () => {
        const { roster, etag } = await load();
        const next = decide(roster);
        if (next === roster) return roster;
        const startedAt = performance.now();
        if ((await rows.write({ ...KEYS, ...toRow(next) }, etag)) !== "written") return "again";
        onRoster?.(next, startedAt);
        return next;
      }),
  };
}
