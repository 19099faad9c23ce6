// A child process that counts with one of the contenders, several clients at a time, and reads what the table holds.
import { createCredential } from "../../functions/lib/azure/credential.ts";
import { createTableClient } from "../../functions/lib/azure/tables.ts";
import { tables } from "../../functions/lib/names.ts";
import { serveParent } from "../child.ts";
import { generateLoad, type LoadResult } from "../load.ts";
import { type ContenderName, createContenders } from "./contenders.ts";

export type CountLoadRequest = {
  readonly kind: "load";
  readonly contender: ContenderName;
  readonly clients: number;
  readonly page: string;
  readonly ms: number;
};
export type ReadRequest = { readonly kind: "read"; readonly page: string };
/** The total of a page, and the commits that led to it: the sum of each writer's last commit number. */
export type PageTotal = { readonly count: number; readonly commits: number };

const [proxied = "", direct = "", pages = ""] = process.argv.slice(2);
const credential = createCredential(undefined);
const tableAt = (endpoint: string) => createTableClient({ endpoint, table: tables.visits, credential, retries: 0 });
const contenders = createContenders(tableAt(proxied), pages.split(","));
const unproxied = tableAt(direct);

function load({ contender, clients, page, ms }: CountLoadRequest): Promise<LoadResult> {
  return generateLoad(
    Array(clients).fill(() => contenders[contender](page)),
    { ms },
  );
}

async function read({ page }: ReadRequest): Promise<PageTotal> {
  type Row = { count: bigint; writers?: string };
  const row = await unproxied.getEntity<Row>(page, "total").catch(() => undefined);
  const writers: Record<string, { commit: number }> = JSON.parse(row?.writers ?? "{}");
  return {
    count: Number(row?.count ?? 0n),
    commits: Object.values(writers).reduce((sum, { commit }) => sum + commit, 0),
  };
}

serveParent<CountLoadRequest | ReadRequest, LoadResult | PageTotal>((request) =>
  request.kind === "load" ? load(request) : read(request),
);
