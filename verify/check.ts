// What a check is, and how it says that something is wrong: expected, received, where to look.
import type { Client } from "./client.ts";

/** What a run was told, beside the address. A check is not run without what it needs. */
export type Given = {
  readonly token?: string;
  /** Origin of a page that may read the API's answers. */
  readonly "allowed-origin"?: string;
  /** Origin of a page that may not. */
  readonly "refused-origin"?: string;
  /** The commit that should be running. */
  readonly commit?: string;
  /** Holds the deployment to what is fine on a laptop only. */
  readonly production?: true;
  /** That it shows /metrics is wanted. */
  readonly "with-metrics"?: true;
  /** Of Log Analytics: its id, a GUID. */
  readonly workspace?: string;
};

export type Run = {
  readonly client: Client;
  /** For pauses between questions about what takes time. */
  readonly pause: (ms: number) => Promise<void>;
  /** Milliseconds that a thumbnail may take. */
  readonly thumbnailWithin: number;
  /** Takes a token for the workspace and asks it a question; gives the first number of its answer. */
  readonly askWorkspace: (workspace: string, question: string) => Promise<number>;
};

export type Check = {
  /** As it stands in the reports: lower-case words. */
  readonly name: string;
  readonly needs: readonly (keyof Given)[];
  /** What was seen, for the table. Throws a Fault when it is not as it should be. */
  readonly run: (run: Run, given: Given) => Promise<string>;
};

type Needing<N extends keyof Given> = {
  readonly name: string;
  readonly needs: readonly N[];
  readonly run: (run: Run, given: Given & Required<Pick<Given, N>>) => Promise<string>;
};

/** A check whose `given` has, by type, all that it says it needs. */
export function check<const N extends keyof Given>({ name, needs, run }: Needing<N>): Check {
  // The runner calls it only with what it needs.
  return { name, needs, run: run as Check["run"] };
}

export type FaultParts = {
  readonly expected: string;
  readonly received: string;
  /** What to look at next. */
  readonly look: string;
};

/** A deployment that is not as it should be. */
export class Fault extends Error {
  override name = "Fault";
  readonly parts: FaultParts;
  constructor(parts: FaultParts) {
    super(`expected ${parts.expected}; received ${parts.received}; look at: ${parts.look}`);
    this.parts = parts;
  }
}

/** Throws a Fault unless `holds`. */
export function must(holds: boolean, parts: FaultParts): asserts holds {
  if (!holds) throw new Fault(parts);
}
