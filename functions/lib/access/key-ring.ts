// The signing keys as one instance knows them: it lists the versions of the secret, and reads each version once.
import type { SecretVersion, Vault } from "../azure/vault.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import { secrets } from "../names.ts";
import { type StoreClock, startStopwatch } from "../store-clock.ts";
import { MAX_LIST_AGE_TO_SIGN_MS, type Period, stateAt, withPeriods } from "./key-states.ts";
import { type Keys, type PublicKey, parseSigningKeys, publicKeyOf, type SigningKey } from "./signing-keys.ts";

/** After a revocation every instance rejects the old key within this time, unless the vault fails. */
export const LIST_INTERVAL_MS = 60_000;
const MAX_LIST_AGE_TO_VERIFY_MS = 60 * 60_000;
/** Between two lists that unknown key ids or a failing vault cause: invented ids must not drive calls to the vault. */
const COOLDOWN_MS = 10_000;
/** The same while there is no usable list. */
const RETRY_MS = 1_000;
const RELOAD_TIMEOUT_MS = 5_000;
/** Read at most, the newest first. The timer leaves two enabled, and one for each revocation that was interrupted. */
const MAX_VERSIONS = 16;

export type KeyVersion = SecretVersion & Period & { readonly keys: Keys; readonly publicKeys: readonly PublicKey[] };

/** Every function throws {AppError} DEPENDENCY_UNAVAILABLE when the vault fails and no list is recent enough. */
export type KeyRing = {
  /**
   * The key that verifies tokens with this id; undefined when there is none.
   * @throws {AppError} also for an unknown id while the vault fails: it may be the id of a new key
   */
  find(kid: string): Promise<PublicKey | undefined>;
  /** @throws {AppError} DEPENDENCY_UNAVAILABLE also when the list is ten minutes old, or empty */
  signingKey(): Promise<SigningKey>;
  /** All enabled versions in order of creation: at most a minute old, or an hour while the vault fails. */
  list(): Promise<readonly KeyVersion[]>;
  /** Lists the versions again; the list begins after this call. */
  reload(): Promise<readonly KeyVersion[]>;
};

type Options = {
  readonly vault: Pick<Vault, "list" | "readVersion">;
  readonly clock: StoreClock;
  readonly log: Log;
  /** For tests. */
  readonly stopwatch?: typeof startStopwatch;
};

export function createKeyRing({ vault, clock, log, stopwatch = startStopwatch }: Options): KeyRing {
  /** The versions that have been read; undefined if the value is invalid. A version never changes. */
  let known = new Map<string, Keys | undefined>();
  let latest: { readonly versions: readonly KeyVersion[]; readonly age: () => number } | undefined;
  let failure: { readonly error: unknown; readonly age: () => number } | undefined;
  let sinceAttempt: (() => number) | undefined;
  let pending: Promise<NonNullable<typeof latest>> | undefined;

  async function readKeys(version: string, signal: AbortSignal): Promise<Keys | undefined> {
    if (known.has(version)) return known.get(version);
    const value = await vault.readVersion(secrets.signingKeys, version, signal);
    // Disabled since the list. It may be enabled again.
    if (value === undefined) return undefined;
    try {
      known.set(version, parseSigningKeys(value));
    } catch (error) {
      // One invalid version must not take the others down.
      log.error("signing-key-invalid", { version, error });
      known.set(version, undefined);
    }
    return known.get(version);
  }

  async function readVersions(signal: AbortSignal): Promise<readonly KeyVersion[]> {
    const enabled = (await vault.list(secrets.signingKeys, signal)).filter(({ enabled }) => enabled);
    const newest = enabled.toSorted((a, b) => b.createdOn - a.createdOn).slice(0, MAX_VERSIONS);
    const read = await Promise.all(
      newest.map(async (version) => {
        const keys = await readKeys(version.version, signal);
        return keys ? [{ ...version, keys, publicKeys: keys.map(publicKeyOf) }] : [];
      }),
    );
    known = new Map([...known].filter(([version]) => newest.some((each) => each.version === version)));
    return withPeriods(read.flat());
  }

  async function load(): Promise<NonNullable<typeof latest>> {
    const age = stopwatch();
    sinceAttempt = age;
    try {
      const versions = await readVersions(AbortSignal.timeout(RELOAD_TIMEOUT_MS));
      failure = undefined;
      latest = { versions, age };
      return latest;
    } catch (error) {
      failure = { error, age };
      throw error;
    }
  }

  /** Concurrent callers share one list. */
  function refresh(): Promise<NonNullable<typeof latest>> {
    pending ??= load().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function current(): Promise<NonNullable<typeof latest>> {
    if (!latest || latest.age() >= MAX_LIST_AGE_TO_VERIFY_MS) {
      if (failure && failure.age() < RETRY_MS) throw failure.error;
      return refresh();
    }
    const usable = latest;
    if (usable.age() < LIST_INTERVAL_MS) return usable;
    if (!failure || failure.age() >= LIST_INTERVAL_MS) return refresh().catch(() => usable);
    // The vault failed less than a minute ago: no caller waits for it again.
    if (failure.age() >= COOLDOWN_MS) refresh().catch(() => {});
    return usable;
  }

  return {
    async find(kid) {
      const search = (versions: readonly KeyVersion[]) =>
        versions.findLast(({ publicKeys }) => publicKeys.some((key) => key.kid === kid));
      let found = search((await current()).versions);
      if (!found) {
        if (pending || !sinceAttempt || sinceAttempt() >= COOLDOWN_MS) await refresh().catch(() => {});
        found = search(latest?.versions ?? []);
        if (!found && failure) throw unavailable("A token names an unknown key, and the vault fails", failure.error);
      }
      if (!found || stateAt(found, clock.now().latest) === "retired") return undefined;
      return found.publicKeys.find((key) => key.kid === kid);
    },
    async signingKey() {
      let seen = await current();
      if (seen.age() >= MAX_LIST_AGE_TO_SIGN_MS && (!failure || failure.age() >= RETRY_MS))
        seen = await refresh().catch(() => seen);
      const { versions, age } = seen;
      if (age() >= MAX_LIST_AGE_TO_SIGN_MS)
        throw unavailable("The list of signing keys is ten minutes old, and the vault fails", failure?.error);
      const now = clock.now().latest;
      const signing = versions.find((version) => stateAt(version, now) === "signing");
      if (!signing) throw unavailable("The vault has no signing key: run seed-entity", undefined, 30);
      return signing.keys[0];
    },
    async list() {
      return (await current()).versions;
    },
    async reload() {
      await pending?.catch(() => {});
      return (await refresh()).versions;
    },
  };
}

/**
 * Checks that the app may list and read the signing keys. Not through a ring, which would hide for an hour that the vault
 * is down.
 * @throws {AppError} DEPENDENCY_UNAVAILABLE when the vault fails or has no key, INTERNAL when the newest is invalid
 */
export async function checkSigningKeys(vault: Pick<Vault, "list" | "readVersion">, signal: AbortSignal): Promise<void> {
  const enabled = (await vault.list(secrets.signingKeys, signal)).filter((version) => version.enabled);
  const newest = withPeriods(enabled).at(-1);
  const value = newest && (await vault.readVersion(secrets.signingKeys, newest.version, signal));
  if (value === undefined) throw unavailable("The vault has no signing key: run seed-entity", undefined, 30);
  parseSigningKeys(value);
}

function unavailable(message: string, cause: unknown, retryAfter = 5): AppError {
  return new AppError("DEPENDENCY_UNAVAILABLE", message, { cause, retryAfter });
}
