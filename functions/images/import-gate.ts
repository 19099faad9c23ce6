// Admits imports: few at once, and of one owner fewer, so that slow servers of one owner leave places for the others.
import { createGate, type Gate, requestPatience } from "../lib/gate.ts";

/** Imports at once: a slow server holds the memory of an upload for as long as it may take. */
const MAX_RUNNING = 4;
const MAX_OF_OWNER = 2;

export type ImportGate = {
  /** @throws {AppError} DEPENDENCY_UNAVAILABLE when too many imports wait, or the wait is too long; the work does not run then */
  run<T>(owner: string, work: () => Promise<T>): Promise<T>;
};

/** One for the process. */
export function createImportGate(): ImportGate {
  const all = createGate({ name: "imports", capacity: MAX_RUNNING });
  /** Of owners with an import that waits or runs. */
  const owners = new Map<string, { readonly gate: Gate; imports: number }>();

  return {
    async run(owner, work) {
      const own = owners.get(owner) ?? {
        gate: createGate({ name: "imports of one owner", capacity: MAX_OF_OWNER }),
        imports: 0,
      };
      owners.set(owner, own);
      own.imports++;
      try {
        return await own.gate.run(1, requestPatience, () => all.run(1, requestPatience, work));
      } finally {
        own.imports--;
        if (own.imports === 0) owners.delete(owner);
      }
    },
  };
}
