// The users of the site: all in one row, so that one conditional Replace decides what concerns several of them. Pure.
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Tier } from "../retention.ts";
import { type Role, roles } from "./permissions.ts";

export const states = ["active", "disabled"] as const;

export type User = {
  /** `owner` for the seeded account, else a UUID. */
  readonly id: string;
  /** Normalized: NFC, lower case. Unique in the roster. */
  readonly email: string;
  readonly role: Role;
  readonly tier: Tier;
  readonly state: (typeof states)[number];
  /** Seconds since 1970 by the store's clock: tokens issued and sessions started before it are rejected. */
  readonly validFrom: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
};

export const MAX_USERS = 100;

/** At most `MAX_USERS`. */
export type Roster = readonly User[];

/** The id of the seeded account. */
export const OWNER_ID = "owner";

const normalizeEmail = (email: string): string => email.normalize("NFC").toLowerCase();

/**
 * What a browser's input accepts, also without a dot, for owner@localhost. The longest address that a mail server accepts
 * has 254 characters (RFC 5321 section 4.5.3.1.3).
 */
export const emailSchema = z
  .email({ pattern: z.regexes.html5Email, error: "must be an e-mail address" })
  .max(254)
  .transform(normalizeEmail);

export const findByEmail = (roster: Roster, email: string): User | undefined =>
  roster.find((user) => user.email === normalizeEmail(email));

/** Roles are listed from the highest to the lowest. */
export const lowerRole = (one: Role, other: Role): Role => (roles.indexOf(one) > roles.indexOf(other) ? one : other);

export const isActiveOwner = ({ role, state }: User): boolean => role === "owner" && state === "active";

function rejectTakenEmail(roster: Roster, id: string, email: string): void {
  if (roster.some((user) => user.email === email && user.id !== id))
    throw new AppError(
      "CONFLICT",
      `Another user has the e-mail address ${email}: choose another, or change that user.`,
    );
}

function keepOwner(next: Roster): Roster {
  if (next.some(isActiveOwner)) return next;
  throw new AppError(
    "CONFLICT",
    "One active user must have the role owner, and this is the last one: give another user that role first.",
  );
}

/**
 * Returns the roster unchanged if the user is in it already.
 * @throws {AppError} CONFLICT for an e-mail address in use, and above 100 users
 */
export function addUser(roster: Roster, user: User): Roster {
  if (roster.some(({ id }) => id === user.id)) return roster;
  rejectTakenEmail(roster, user.id, user.email);
  if (roster.length >= MAX_USERS)
    throw new AppError(
      "CONFLICT",
      `There may be at most ${MAX_USERS} users, and there are ${MAX_USERS}: delete one first.`,
    );
  return [...roster, user];
}

export type UserChanges = Partial<Pick<User, "email" | "role" | "tier" | "state">>;

/** @throws {AppError} NOT_FOUND */
export function requireUser(roster: Roster, id: string): User {
  const user = roster.find((each) => each.id === id);
  if (!user) throw new AppError("NOT_FOUND", `There is no user ${id}: check the id in GET /api/v1/users.`);
  return user;
}

function replaceUser(roster: Roster, user: User): Roster {
  return roster.map((each) => (each.id === user.id ? user : each));
}

/**
 * Returns the same roster when nothing changes. A user who is disabled or enabled needs new tokens.
 * @param now seconds since 1970 by the store's clock
 * @throws {AppError} NOT_FOUND; CONFLICT for an e-mail address in use, and for the last active owner
 */
export function changeUser(
  roster: Roster,
  id: string,
  { changes, now }: { changes: UserChanges; now: number },
): Roster {
  const user = requireUser(roster, id);
  const next = { ...user, ...changes };
  if (next.state !== user.state) next.validFrom = Math.max(user.validFrom, now);
  if (Object.keys(next).every((key) => next[key as keyof User] === user[key as keyof User])) return roster;
  rejectTakenEmail(roster, id, next.email);
  const changed = replaceUser(roster, next);
  return isActiveOwner(user) ? keepOwner(changed) : changed;
}

/**
 * Rejects all tokens and sessions that the user has now.
 * @param now seconds since 1970 by the store's clock
 * @throws {AppError} NOT_FOUND
 */
export function revokeTokens(roster: Roster, id: string, now: number): Roster {
  const user = requireUser(roster, id);
  return replaceUser(roster, { ...user, validFrom: Math.max(user.validFrom, now) });
}

/** @throws {AppError} NOT_FOUND; CONFLICT for the last active owner */
export function removeUser(roster: Roster, id: string): Roster {
  const user = requireUser(roster, id);
  const left = roster.filter((each) => each !== user);
  return isActiveOwner(user) ? keepOwner(left) : left;
}
