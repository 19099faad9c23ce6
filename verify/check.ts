// What a check is, and what it receives.
import type { Client } from "./client.ts";

/** A user who signs in with a password. */
export type Account = { readonly email: string; readonly password: string };

/** Options of the command line that checks need. A check does not run without the options it needs. */
export type CheckInput = {
  readonly token?: string;
  /** `--email`, with the password of the environment. */
  readonly account?: Account;
  /** Origin of a page that may read responses. */
  readonly "allowed-origin"?: string;
  /** Origin of a page that may not read responses. */
  readonly "rejected-origin"?: string;
  /** The commit that should run. */
  readonly commit?: string;
  /** Also checks what is allowed on a laptop only. */
  readonly production?: true;
  /** Whether /metrics should be served. */
  readonly "with-metrics"?: true;
  /** Id of the Log Analytics workspace, a GUID. */
  readonly workspace?: string;
};

export type CheckContext = {
  readonly client: Client;
  /** Waits for milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  /** Timeout of a thumbnail, in milliseconds. */
  readonly thumbnailTimeout: number;
  /** Runs a query and returns the first number of its result. */
  readonly queryWorkspace: (workspace: string, query: string) => Promise<number>;
};

type CheckOf<N extends keyof CheckInput> = {
  /** Name in reports, in lower case. */
  readonly name: string;
  /** Options without which the check is not run. */
  readonly needs: readonly N[];
  /** @returns a summary for the table @throws {CheckFailure} */
  readonly run: (context: CheckContext, input: CheckInput & Required<Pick<CheckInput, N>>) => Promise<string>;
};
export type Check = CheckOf<keyof CheckInput> & {
  readonly run: (context: CheckContext, input: CheckInput) => Promise<string>;
};

/** Types the input of a check by what it needs. The runner calls it only with that. */
export const check = <const N extends keyof CheckInput>(definition: CheckOf<N>): Check =>
  definition as unknown as Check;
