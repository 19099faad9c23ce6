// bench counter: visits a second, latency, lost visits and table calls of four ways to count, and of several instances.
import { alternateRounds } from "../load.ts";
import { number, percent, printLine, printTable, printTarget } from "../print.ts";
import { openLaboratory } from "./laboratory.ts";
import { type Figures, measure, summarize } from "./measure.ts";

const WAYS = {
  "read-add-write": "(a) read-add-write, no ETag",
  "etag-retry": "(b) read-add-write, ETag retry",
  http: "(c) Vitae over HTTP",
  vitae: "(d) Vitae's counter alone",
  uniques: "(e) the same with 1,000 unique visitors",
} as const;
type Way = keyof typeof WAYS;
type Case = { readonly page: string; readonly way: Way; readonly clients: number; readonly instances: number };
type Result = Case & { readonly figures: Figures };

/** Unique visitors of a day for which the row is measured. */
const VISITORS = [0, 300, 1_000, 1_001] as const;
const CLIENTS_PER_INSTANCE = 16;
const ROUNDS = 3;

const wayCases = [1, 20, 100].flatMap((clients) =>
  (Object.keys(WAYS) as Way[]).map((way): Case => ({ page: `${way}-${clients}`, way, clients, instances: 1 })),
);
const instanceCases = [1, 2, 4, 8].map(
  (instances): Case => ({
    page: `instances-${instances}`,
    way: "http",
    clients: instances * CLIENTS_PER_INSTANCE,
    instances,
  }),
);

const COLUMNS: Readonly<Record<string, (result: Result) => string>> = {
  clients: ({ clients }) => number(clients),
  "visits/s": ({ figures }) => number(figures.perSecond),
  "p50 ms": ({ figures }) => number(figures.p50, 1),
  "p99 ms": ({ figures }) => number(figures.p99, 1),
  "max ms": ({ figures }) => number(figures.max),
  failed: ({ figures }) => number(figures.failed),
  lost: ({ figures }) => number(figures.lost),
  surplus: ({ figures }) => number(figures.surplus),
  "calls/visit": ({ figures }) => number(figures.callsPerVisit, 3),
};

/** @returns the figures, and whether no visit was lost or counted twice */
export async function benchCounter(root: string): Promise<{ figures: object; isCorrect: boolean }> {
  const pages = [...wayCases, ...instanceCases].map(({ page }) => page);
  const laboratory = await openLaboratory({ root, pages });
  const hosts: string[] = [];

  const measureCase = ({ page, way, clients, instances }: Case) =>
    measure({
      instances,
      calls: laboratory.calls,
      read: () => laboratory.read(page),
      load(ms) {
        if (way !== "http") return laboratory.inProcess({ contender: way, clients, page, ms });
        const urls = hosts.slice(0, instances).map((host) => `${host}/api/v1/visits/${page}`);
        return laboratory.http({ urls, method: "POST", clients, ms });
      },
    });

  async function run(cases: readonly Case[]): Promise<Result[]> {
    while (hosts.length < Math.max(...cases.map(({ instances }) => instances)))
      hosts.push(await laboratory.startHost());
    const rounds = await alternateRounds(cases, ROUNDS, measureCase);
    return [...rounds].map(([value, figures]) => ({ ...value, figures: summarize(figures) }));
  }

  try {
    printLine("One Azurite in memory. Every table call passes a proxy that counts it.");
    printLine("Rate limits and the cost brake are off; the bench boundary measures what a limit costs.");
    printLine(`Medians of ${ROUNDS} alternating rounds; max, failed, lost and surplus over all of them.\n`);
    const ways = await run(wayCases);
    printTable(ways, { way: ({ way }) => WAYS[way], ...COLUMNS });
    const rows = [];
    for (const visitors of VISITORS) rows.push({ visitors, ...(await laboratory.rowSize(visitors)) });
    printLine("\nThe row of a page with one writer, by the day's unique visitors:\n");
    printTable(rows, {
      "unique visitors": ({ visitors }) => number(visitors),
      "bytes of JSON": ({ bytes }) => number(bytes),
    });
    const instances = await run(instanceCases);
    printLine(`\nVitae over HTTP, several instances on one table, ${CLIENTS_PER_INSTANCE} clients each:\n`);
    printTable(instances, {
      instances: ({ instances }) => number(instances),
      ...COLUMNS,
      "writes lost to 412": ({ figures }) => percent(figures.writesLost),
      "least served": ({ figures }) => percent(figures.leastServed),
    });
    printLine();
    return { figures: { ways, rows, instances }, isCorrect: judge(ways, instances) };
  } finally {
    await laboratory.close();
  }
}

function judge(ways: readonly Result[], instances: readonly Result[]): boolean {
  const figuresOf = (wanted: Way, count: number) => {
    const found = ways.find(({ way, clients }) => way === wanted && clients === count);
    if (!found) throw new Error(`${wanted} was not measured with ${count} clients`);
    return found.figures;
  };
  const at100 = (wanted: Way) => figuresOf(wanted, 100);
  const exact = [...ways.filter(({ way }) => way !== "read-add-write"), ...instances];
  const isCorrect = exact.every(({ figures }) => figures.lost === 0 && figures.surplus === 0);
  printTarget("(b), (c), (d) and (e) lose no visit and count none twice", isCorrect);
  const alone = at100("vitae").perSecond / at100("etag-retry").perSecond;
  printTarget(`with 100 clients (d) is at least 100 times (b): ${number(alone)} times`, alone >= 100);
  const overHttp = at100("http").perSecond / at100("etag-retry").perSecond;
  printTarget(`with 100 clients (c) is at least 20 times (b): ${number(overHttp)} times`, overHttp >= 20);
  const calls = Math.max(at100("http").callsPerVisit, at100("vitae").callsPerVisit);
  printTarget(`with 100 clients at most one table call for ten visits: ${number(calls, 3)} a visit`, calls <= 0.1);
  const withUniques = at100("uniques").perSecond / at100("vitae").perSecond;
  printTarget(`with 100 clients (e) is at least 0.7 times (d): ${number(withUniques, 2)} times`, withUniques >= 0.7);
  const quiet = figuresOf("uniques", 1).callsPerVisit;
  printTarget(`a single client of (e) makes one table call for a visit: ${number(quiet, 3)}`, quiet <= 1.01);
  return isCorrect;
}
