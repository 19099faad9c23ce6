// Random calls of stores in memory and of Azurite, whose results must be equal.
import fc from "fast-check";
import { expect } from "vitest";
import { AppError } from "../errors.ts";
import { fuzzRuns, replay } from "../fuzzing.fixture.ts";
import { statusOfSdkError } from "./sdk-errors.ts";

export const options = { numRuns: fuzzRuns(200), ...replay };

export const timeout = 60_000 + options.numRuns * 200;

/** The keys of both differ, since their ETags are kept together. */
export const tableKey = fc.constantFrom("a", "b");
export const blobKey = fc.constantFrom("c", "d");
export const value = fc.nat({ max: 2 });

/** ETags differ from store to store: a call names one by when it was written. */
export const versions = fc.constantFrom("none", "any", "current", "earlier", "past");
export type Version = typeof versions extends fc.Arbitrary<infer T> ? T : never;
const PAST = "W/\"datetime'1900-01-01T00%3A00%3A00.0000000Z'\"";

/** The ETags of each key, as one store has returned them. */
function createEtags() {
  const written = new Map<string, string[]>();
  return {
    add: (key: string, etag: string) => written.set(key, [...(written.get(key) ?? []), etag]),
    find(key: string, version: Version): string | undefined {
      const etags = written.get(key) ?? [];
      if (version === "none") return undefined;
      if (version === "any") return "*";
      return (version === "past" ? undefined : etags.at(version === "current" ? -1 : -2)) ?? PAST;
    },
    /** Which of its ETags this is. */
    indexOf: (key: string, etag: string | undefined) => written.get(key)?.indexOf(etag ?? ""),
  };
}
export type Etags = ReturnType<typeof createEtags>;

const outcomeOf = (result: Promise<unknown>) =>
  result.catch((thrown: unknown) => (thrown instanceof AppError ? thrown.code : statusOfSdkError(thrown)));

/** Runs the calls on both, and compares each result. */
export async function compare<C>(calls: readonly C[], run: (store: 0 | 1, etags: Etags, call: C) => Promise<unknown>) {
  const etags = [createEtags(), createEtags()] as const;
  for (const call of calls) {
    const [memory, real] = await Promise.all(
      ([0, 1] as const).map((store) => outcomeOf(run(store, etags[store], call))),
    );
    expect(memory).toEqual(real);
  }
}
