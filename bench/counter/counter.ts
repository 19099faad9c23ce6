// bench counter: visits a second, latency, lost visits and table calls of four ways to count, and of several instances.
import { number, percent, printTable, printTarget, say } from "../print.ts";
import { type Laboratory, openLaboratory } from "./laboratory.ts";
import { type Figures, measure, summarize } from "./measure.ts";

const WAYS = {
  "read-add-write": "(a) read-add-write, no ETag",
  "etag-retry": "(b) read-add-write, ETag retry",
  http: "(c) Vitae over HTTP",
  vitae: "(d) Vitae's counter alone",
} as const;
type Way = keyof typeof WAYS;

const CLIENTS = [1, 20, 100];
const INSTANCES = [1, 2, 4, 8];
const CLIENTS_PER_INSTANCE = 16;
const ROUNDS = 3;

const ways = Object.keys(WAYS) as Way[];
const pageOf = (way: Way, clients: number) => `${way}-${clients}`;
const pageOfInstances = (instances: number) => `instances-${instances}`;
const visitsUrl = (host: string, page: string) => `${host}/api/v1/visits/${page}`;

/** Every other round backwards, so that none always runs on the warmer machine. */
const order = <T>(values: readonly T[], round: number) => (round % 2 === 0 ? values : values.toReversed());

async function rounds<T>(cases: readonly T[], run: (value: T) => Promise<Figures>): Promise<Map<T, Figures>> {
  const all = new Map<T, Figures[]>(cases.map((value) => [value, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const value of order(cases, round)) all.get(value)?.push(await run(value));
  return new Map([...all].map(([value, figures]) => [value, summarize(figures)]));
}

function measureWay({ calls, read, inProcess, http }: Laboratory, url: string) {
  return ({ way, clients }: { way: Way; clients: number }) => {
    const page = pageOf(way, clients);
    return measure({
      calls,
      read: () => read(page),
      load: (ms) =>
        way === "http"
          ? http({ urls: [visitsUrl(url, page)], clientsEach: clients, ms })
          : inProcess({ contender: way, clients, page, ms }),
    });
  };
}

function measureInstances({ calls, read, http }: Laboratory, urls: readonly string[]) {
  return (instances: number) => {
    const page = pageOfInstances(instances);
    const targets = urls.slice(0, instances).map((url) => visitsUrl(url, page));
    return measure({
      calls,
      read: () => read(page),
      load: (ms) => http({ urls: targets, clientsEach: CLIENTS_PER_INSTANCE, ms }),
    });
  };
}

const HEADER = ["visits/s", "p50 ms", "p99 ms", "max ms", "refused", "lost", "surplus", "calls/visit"];
const cells = (figures: Figures) => [
  number(figures.visitsPerSecond),
  number(figures.p50, 1),
  number(figures.p99, 1),
  number(figures.max),
  number(figures.refused),
  number(figures.lost),
  number(figures.surplus),
  number(figures.callsPerVisit, 3),
];

/** @returns the figures, and whether no visit was lost or counted twice */
export async function benchCounter(root: string): Promise<{ figures: object; sound: boolean }> {
  const cases = CLIENTS.flatMap((clients) => ways.map((way) => ({ way, clients })));
  const pages = [...cases.map(({ way, clients }) => pageOf(way, clients)), ...INSTANCES.map(pageOfInstances)];
  const laboratory = await openLaboratory({ root, pages });
  try {
    say("One Azurite in memory; every table call passes a proxy that counts it, for all alike.");
    say(
      "Rate limits are off and the write budget is out of reach: what limits cost is measured by the bench boundary.",
    );
    say(`Medians of ${ROUNDS} alternating rounds; max, refused, lost and surplus over all of them.\n`);
    const urls = [await laboratory.startHost()];
    const byWay = await rounds(cases, measureWay(laboratory, urls[0] ?? ""));
    printTable(
      ["way", "clients", ...HEADER],
      [...byWay].map(([{ way, clients }, figures]) => [WAYS[way], number(clients), ...cells(figures)]),
    );

    while (urls.length < Math.max(...INSTANCES)) urls.push(await laboratory.startHost());
    const byInstances = await rounds(INSTANCES, measureInstances(laboratory, urls));
    say(`\nVitae over HTTP, several processes on one table, ${CLIENTS_PER_INSTANCE} clients each:\n`);
    printTable(
      ["processes", "clients", ...HEADER, "writes lost to 412", "least served"],
      [...byInstances].map(([instances, figures]) => [
        number(instances),
        number(instances * CLIENTS_PER_INSTANCE),
        ...cells(figures),
        percent(figures.writesLost),
        percent(figures.leastServed),
      ]),
    );
    say();
    const sound = judge((way) => figuresOf(byWay, way), [...exact(byWay), ...byInstances.values()]);
    const figures = {
      ways: [...byWay].map(([{ way, clients }, measured]) => ({ way, clients, ...measured })),
      instances: [...byInstances].map(([instances, measured]) => ({ instances, ...measured })),
    };
    return { figures, sound };
  } finally {
    await laboratory.close();
  }
}

type ByWay = ReadonlyMap<{ way: Way; clients: number }, Figures>;

const exact = (byWay: ByWay) =>
  [...byWay].filter(([{ way }]) => way !== "read-add-write").map(([, figures]) => figures);

function figuresOf(byWay: ByWay, wanted: Way): Figures {
  const found = [...byWay].find(([{ way, clients }]) => way === wanted && clients === 100);
  if (!found) throw new Error(`${wanted} was not measured at 100 clients`);
  return found[1];
}

function judge(at100: (way: Way) => Figures, exactOnes: readonly Figures[]): boolean {
  const loop = at100("etag-retry").visitsPerSecond;
  const alone = at100("vitae").visitsPerSecond / loop;
  const http = at100("http");
  const overHttp = http.visitsPerSecond / loop;
  const sound = exactOnes.every(({ lost, surplus }) => lost === 0 && surplus === 0);
  printTarget("nothing lost and nothing counted twice by (b), (c) and (d)", sound);
  printTarget(`at 100 clients (d) at least 100 times (b): ${number(alone)} times`, alone >= 100);
  printTarget(`at 100 clients (c) at least 20 times (b): ${number(overHttp)} times`, overHttp >= 20);
  const most = Math.max(http.callsPerVisit, at100("vitae").callsPerVisit);
  printTarget(`at 100 clients at most one table call per ten visits: ${number(most, 3)} per visit`, most <= 0.1);
  return sound;
}
