// A part: counts with a contender in this very process, many at a time, and reads what the table holds.
import { createCredential } from "../../functions/lib/azure/credential.ts";
import { createTableClient } from "../../functions/lib/azure/tables.ts";
import { tables } from "../../functions/lib/names.ts";
import { answerQuestions } from "../part.ts";
import { type ContenderName, createContenders } from "./contenders.ts";
import { describeLoad, type Load } from "./load.ts";

export type LoadQuestion = { kind: "load"; contender: ContenderName; clients: number; page: string; ms: number };
export type ReadQuestion = { kind: "read"; page: string };
/** The page's total, and how many commits have made it: each writer numbers its own. */
export type Counted = { readonly count: number; readonly commits: number };

const [proxied = "", direct = "", pages = ""] = process.argv.slice(2);
const credential = createCredential(undefined);
const tableAt = (endpoint: string) => createTableClient({ endpoint, table: tables.visits, credential, retries: 0 });
const contenders = createContenders(tableAt(proxied), pages.split(","));
const unproxied = tableAt(direct);

async function load({ contender, clients, page, ms }: LoadQuestion): Promise<Load> {
  const count = contenders[contender];
  const latencies: number[] = [];
  let sent = 0;
  let inTime = 0;
  const until = performance.now() + ms;
  async function client() {
    while (performance.now() < until) {
      const asked = performance.now();
      sent++;
      try {
        await count(page);
      } catch {
        continue;
      }
      const answered = performance.now();
      latencies.push(answered - asked);
      if (answered <= until) inTime++;
    }
  }
  await Promise.all(Array.from({ length: clients }, client));
  return describeLoad({ latencies, sent, inTime: [inTime], ms });
}

async function read({ page }: ReadQuestion): Promise<Counted> {
  type Row = { count: bigint; writers?: string };
  const row = await unproxied.getEntity<Row>(page, "total").catch(() => undefined);
  const writers: Record<string, { commit: number }> = JSON.parse(row?.writers ?? "{}");
  return {
    count: Number(row?.count ?? 0n),
    commits: Object.values(writers).reduce((sum, { commit }) => sum + commit, 0),
  };
}

answerQuestions<LoadQuestion | ReadQuestion, Load | Counted>((question) =>
  question.kind === "load" ? load(question) : read(question),
);
