// The model: virtual time, one sessions table, and several instances of the real code whose calls are lost, late or stale.
import { RestError } from "@azure/data-tables";
import type { Log } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { randomFrom } from "../visitor-counter/virtual-time.simulation.ts";
import type { Family } from "./family.ts";
import type { SessionRows, StoredFamily } from "./session-rows.ts";
import { createSessions, type Sessions } from "./sessions.ts";

export type Faults = {
  /** Probability that a call of the store fails: request or response lost, or applied up to 20 seconds late. */
  readonly calls: number;
  /** Probability that a read returns the row as it was up to 1.5 seconds ago. */
  readonly stale: number;
  /** Longest time on either way between an instance and the store. @default 60 */
  readonly wayMs?: number;
};

const CALL_MS = 1_000;
const MAX_LAG_MS = 1_500;
const START = Date.UTC(2026, 2, 28, 23, 50);

export function createWorld(seed: number, faults: Faults) {
  const random = randomFrom(seed);
  const chance = (probability: number) => random() < probability;
  let now = START;
  const events: { at: number; run: () => void }[] = [];
  /** The next event is the last one of the array. */
  function at(time: number, run: () => void) {
    events.splice(events.findLastIndex((event) => event.at > time) + 1, 0, { at: time, run });
  }
  const sleep = (ms: number) => new Promise<void>((resolve) => at(now + ms, resolve));

  /** All versions of every row, oldest first; `since` is when the store applied it. */
  const versions = new Map<string, { since: number; stored: StoredFamily | undefined }[]>();
  let etags = 0;
  const securityEvents: string[] = [];
  const current = (id: string) => versions.get(id)?.at(-1)?.stored;
  function put(id: string, family: Family | undefined) {
    const stored = family && { family: structuredCloneOf(family), etag: String(++etags) };
    versions.set(id, [...(versions.get(id) ?? []), { since: now, stored }]);
    return true;
  }
  function staleRead(id: string) {
    const seen = now - (chance(faults.stale) ? random() * MAX_LAG_MS : 0);
    return versions.get(id)?.findLast(({ since }) => since <= seen)?.stored;
  }

  const way = () => 1 + random() * (faults.wayMs ?? 60);
  /** Sends a call: it takes a while, and may be lost on either way, or be applied long after its sender gave up. */
  async function call<T>(apply: () => T): Promise<T> {
    const fault = chance(faults.calls) ? Math.floor(random() * 3) : undefined;
    const isLost = fault === 0;
    const isLate = fault === 2;
    return new Promise<T>((resolve, reject) => {
      if (fault !== undefined) at(now + CALL_MS, () => reject(new RestError("No response")));
      if (isLost) return;
      at(now + (isLate ? random() * 20_000 : way()), () => {
        const result = apply();
        if (fault === undefined) at(now + way(), () => resolve(result));
      });
    });
  }

  const rows: SessionRows = {
    read: (_, id) => call(() => staleRead(id)),
    exists: (_, id) => call(() => current(id) !== undefined),
    create: (family) => call(() => !current(family.familyId) && put(family.familyId, family)),
    replace: (family, etag) => call(() => current(family.familyId)?.etag === etag && put(family.familyId, family)),
    remove: (_, id, etag) => call(() => !!current(id) && (!etag || current(id)?.etag === etag) && put(id, undefined)),
    list: () => call(() => [...versions.keys()].flatMap((id) => current(id) ?? [])),
    async *over() {},
  };

  /** An instance, whose clock is late by up to a second, as the store's Date header is. */
  function createInstance(): Sessions {
    const late = random() * 999;
    const clock = { observe() {}, now: () => ({ earliest: now - late - random() * 5, latest: now - late }) };
    const warn: Log["warn"] = (message, fields) => void securityEvents.push(`${message} ${fields?.event}`);
    const log = { debug() {}, info() {}, warn, error() {} };
    return createSessions({ rows, clock, log, meter: silentMeter, timing: { sleep, elapsed: () => now } });
  }

  /** Runs all events, and what follows from them. */
  async function run(): Promise<void> {
    for (;;) {
      // All promises that an event settles run before the next event.
      await new Promise(setImmediate);
      const event = events.pop();
      if (!event) return;
      now = event.at;
      event.run();
    }
  }
  return {
    random,
    chance,
    sleep,
    run,
    createInstance,
    securityEvents,
    now: () => now,
    current: (id: string) => current(id)?.family,
    versions: (id: string) => versions.get(id)?.flatMap(({ stored }) => stored?.family ?? []) ?? [],
    /** When the store replaced the secret with this hash, in milliseconds; undefined while it is current. */
    retiredAt(id: string, hash: Buffer): number | undefined {
      const all = versions.get(id) ?? [];
      const last = all.findLastIndex(({ stored }) => stored?.family.current.equals(hash));
      return all[last + 1]?.since;
    },
  };
}
export type World = ReturnType<typeof createWorld>;

/** As if the row had gone through the table; `structuredClone` would turn buffers into other objects. */
const structuredCloneOf = (family: Family): Family => ({ ...family, retired: [...family.retired] });

/** Milliseconds for which a client waits for a response, as the typed client does. */
const ABORT_MS = 4_000;
/** After the first request, no retry is sent later than this; the longest way to the server is a second. */
const LAST_RETRY_MS = 8_900;

export type Reply = { readonly token: string } | "invalid" | "none";

/** One request over a network that delays and loses requests and responses. "none": no response before the client aborts. */
async function send(world: World, sessions: Sessions, token: string): Promise<Reply> {
  const exchange = async (): Promise<Reply> => {
    await world.sleep(world.random() * 1_000);
    if (world.chance(0.1)) return new Promise(() => {});
    const reply = await sessions.refresh(token, 0).then(
      (response): Reply => (response ? { token: response.refreshToken } : "invalid"),
      (): Reply => "none",
    );
    await world.sleep(world.random() * 1_000);
    return world.chance(0.2) ? new Promise(() => {}) : reply;
  };
  return Promise.race([exchange(), world.sleep(ABORT_MS).then((): Reply => "none")]);
}

/** Refreshes with retries while a retry is in time. "none" when no request got a response. */
export async function refreshAsClient(world: World, instances: readonly Sessions[], token: string): Promise<Reply> {
  const startedAt = world.now();
  do {
    const instance = instances[Math.floor(world.random() * instances.length)] as Sessions;
    const reply = await send(world, instance, token);
    if (reply !== "none") return reply;
    await world.sleep(world.random() * 500);
  } while (world.now() - startedAt <= LAST_RETRY_MS);
  return "none";
}
