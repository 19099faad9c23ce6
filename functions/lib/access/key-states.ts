// When each signing key signs and verifies, as a function of the enabled versions of the secret. Pure.

const MINUTE_MS = 60_000;

/** The age from which a list of versions is too old to sign: an instance may not know of a key that signs by now. */
export const MAX_LIST_AGE_TO_SIGN_MS = 10 * MINUTE_MS;
/** So every instance that signs knows the new key, and none signs with the previous one any more. */
const PUBLISHED_MS = MAX_LIST_AGE_TO_SIGN_MS;
/** The life of a token (15 minutes), and the tolerance for clocks (30 seconds) twice. */
const VERIFIES_AFTER_SIGNING_MS = 16 * MINUTE_MS;

/** `createdOn` in milliseconds since 1970, by the vault's clock. */
export type Version = { readonly version: string; readonly createdOn: number };

/** In milliseconds since 1970; `Infinity` without a successor. Each period excludes its end. */
export type Period = {
  /** Minus infinity for the oldest key: it signs at once, since there is no other. */
  readonly signsFrom: number;
  readonly signsUntil: number;
  readonly verifiesUntil: number;
};

/** Published: verifies, and will sign. Verifying: has signed. Retired: neither, and may be disabled. */
export const keyStates = ["published", "signing", "verifying", "retired"] as const;
export type KeyState = (typeof keyStates)[number];

/**
 * Exactly one version signs at any time: each until its successor has been published for ten minutes.
 * @param versions the enabled ones, in any order
 * @returns them in order of creation
 */
export function withPeriods<V extends Version>(versions: readonly V[]): readonly (V & Period)[] {
  const ordered = versions.toSorted((a, b) => a.createdOn - b.createdOn || (a.version < b.version ? -1 : 1));
  return ordered.map((version, index) => {
    const successor = ordered[index + 1];
    const signsUntil = successor ? successor.createdOn + PUBLISHED_MS : Number.POSITIVE_INFINITY;
    return {
      ...version,
      signsFrom: index === 0 ? Number.NEGATIVE_INFINITY : version.createdOn + PUBLISHED_MS,
      signsUntil,
      verifiesUntil: signsUntil + VERIFIES_AFTER_SIGNING_MS,
    };
  });
}

/** @param now milliseconds since 1970 */
export function stateAt({ signsFrom, signsUntil, verifiesUntil }: Period, now: number): KeyState {
  if (now >= verifiesUntil) return "retired";
  if (now >= signsUntil) return "verifying";
  return now >= signsFrom ? "signing" : "published";
}

/**
 * The version that signs now; undefined when there is none.
 * @param versions the enabled ones, in any order
 * @param now milliseconds since 1970
 */
export function signingVersion<V extends Version>(versions: readonly V[], now: number): (V & Period) | undefined {
  return withPeriods(versions).find((version) => stateAt(version, now) === "signing");
}
