// The roster as an instance knows it: read at most once in 30 seconds, so that no request needs a call of its own.
import { AppError } from "../errors.ts";
import type { Roster, User } from "./roster.ts";

export type RosterView = {
  /**
   * The user as of at most 30 seconds ago, or 60 while the table fails.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the table fails for longer, or when it fails for an unknown id
   */
  find(id: string): Promise<User | undefined>;
  /**
   * Takes a roster that was read or written for another reason.
   * @param startedAt when the call began, on the clock of `performance.now()`
   */
  accept(roster: Roster, startedAt: number): void;
};

const MAX_AGE_MS = 30_000;
const MAX_AGE_WHILE_FAILING_MS = 60_000;
/** Between two reads for unknown ids, and between two that fail. */
const COOLDOWN_MS = 1_000;

type Options = {
  /** Reads the roster from the table, within a bounded time. */
  readonly read: () => Promise<Roster>;
  readonly monotonic?: () => number;
  readonly wall?: () => number;
};

export function createRosterView({ read, monotonic = () => performance.now(), wall = Date.now }: Options): RosterView {
  type Instant = { readonly monotonic: number; readonly wall: number };
  let current: { readonly users: ReadonlyMap<string, User>; readonly at: Instant } | undefined;
  let last: { readonly at: Instant; readonly error?: unknown } | undefined;
  let reading: Promise<void> | undefined;

  /** The longer of both clocks: the monotonic one stands still in a suspended instance, and the other can be stepped. */
  const ageOf = (at: Instant) => Math.max(monotonic() - at.monotonic, wall() - at.wall);

  function accept(roster: Roster, startedAt: number): void {
    // A slow read may end after a later one, and must not bring the past back.
    if (current && startedAt < current.at.monotonic) return;
    const at = { monotonic: startedAt, wall: wall() - (monotonic() - startedAt) };
    current = { users: new Map(roster.map((user) => [user.id, user])), at };
  }

  /** Concurrent callers share one read. It never rejects: `last` has its error. */
  function load(): Promise<void> {
    reading ??= (async () => {
      const at = { monotonic: monotonic(), wall: wall() };
      try {
        accept(await read(), at.monotonic);
        last = { at };
      } catch (error) {
        last = { at: { monotonic: monotonic(), wall: wall() }, error };
      } finally {
        reading = undefined;
      }
    })();
    return reading;
  }

  const isCoolingDown = () => last !== undefined && ageOf(last.at) < COOLDOWN_MS;
  const unavailable = () =>
    new AppError("DEPENDENCY_UNAVAILABLE", "The roster of users cannot be read", { cause: last?.error, retryAfter: 5 });

  return {
    accept,
    async find(id) {
      if (!current || ageOf(current.at) >= MAX_AGE_MS) {
        const isDue = reading !== undefined || !last?.error || !isCoolingDown();
        // The table failed a moment ago: no caller waits for it again while there is a roster to use.
        const isUsable = last?.error !== undefined && current && ageOf(current.at) < MAX_AGE_WHILE_FAILING_MS;
        const loaded = isDue ? load() : undefined;
        if (!isUsable) await loaded;
        if (!current || ageOf(current.at) >= MAX_AGE_WHILE_FAILING_MS) throw unavailable();
      }
      const user = current.users.get(id);
      if (user) return user;
      // The user may have been created by another instance a moment ago.
      if (reading || !isCoolingDown()) await load();
      if (last?.error) throw unavailable();
      return current.users.get(id);
    },
  };
}
