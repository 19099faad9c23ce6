// bench upload: memory of the app's process and throughput during 1, 10 and 50 uploads of almost 10 MiB at once, and during
// eight uploads of the most expensive images.
import { readFile, stat, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { type Backend, startBackend } from "../../local/backend.fixture.ts";
import { findChild, memoryOf, peakOf, resetPeak } from "../app-process.ts";
import type { Child } from "../child.ts";
import { type HttpLoadRequest, startHttpLoad } from "../http-load.ts";
import { imageFile } from "../images.ts";
import type { LoadResult } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { benchCostlyImages } from "./costly.ts";

type Case = {
  readonly kind: "raw" | "form";
  readonly atOnce: number;
  readonly uploads: number;
  readonly thumbnails: boolean;
  /** Otherwise sent with `?optimize=false`. */
  readonly optimized: boolean;
};

const COUNTS = [
  { atOnce: 1, uploads: 8 },
  { atOnce: 10, uploads: 20 },
  { atOnce: 50, uploads: 75 },
];
const CASES: readonly Case[] = [
  ...COUNTS.map((counts) => ({ kind: "raw", ...counts, thumbnails: false, optimized: true }) as const),
  ...COUNTS.map((counts) => ({ kind: "form", ...counts, thumbnails: false, optimized: true }) as const),
  { kind: "form", atOnce: 50, uploads: 75, thumbnails: true, optimized: true },
  ...COUNTS.map((counts) => ({ kind: "raw", ...counts, thumbnails: false, optimized: false }) as const),
];
/** About 9.8 MiB; the default of MAX_UPLOAD_BYTES is 10 MiB. */
const LARGE = { width: 6000, height: 5000 };
const LARGE_QUALITY = 96;
const SMALL = { width: 1152, height: 864 };
const MAX_GROWTH = 3;
const SETTLE_MS = 1_000;
const MIB = 2 ** 20;

type Figures = Case &
  Omit<LoadResult, "perClient"> & {
    /** MiB. */
    readonly idle: number;
    readonly peak: number;
    readonly inFlight: number;
    /** Growth over idle, as a multiple of the bytes in flight. */
    readonly growth: number;
    readonly mibPerSecond: number;
  };

type Body = { readonly file: string; readonly type: string; readonly differsAt: number };
type Setup = {
  readonly backend: Backend;
  readonly client: Child<HttpLoadRequest, LoadResult>;
  readonly small: Record<Case["kind"], Body>;
  readonly large: Record<Case["kind"], Body>;
  readonly largeBytes: number;
  readonly token: string;
};

/** An image as a raw body, and as a multipart form, in files next to it. The last 8 bytes of the image differ. */
async function bodiesOf(file: string): Promise<Record<Case["kind"], Body>> {
  const boundary = "----vitae-bench";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`;
  const image = Buffer.concat([await readFile(file), Buffer.alloc(8)]);
  await writeFile(`${file}.raw`, image);
  const form = Buffer.concat([Buffer.from(head), image, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  await writeFile(`${file}.form`, form);
  return {
    raw: { file: `${file}.raw`, type: "image/jpeg", differsAt: image.length - 8 },
    form: {
      file: `${file}.form`,
      type: `multipart/form-data; boundary=${boundary}`,
      differsAt: head.length + image.length - 8,
    },
  };
}

/** Each case runs in a new app after one small upload, because a process seldom returns memory. */
async function measure(each: Case, { backend, client, small, large, largeBytes, token }: Setup): Promise<Figures> {
  backend.events.decide(() => (each.thumbnails ? "deliver" : "drop"));
  const host = await backend.addHost();
  try {
    const app = findChild("worker-main");
    const upload = ({ file, type, differsAt }: Body, count: number, clients: number) =>
      client.call({
        urls: [`${host.url}/api/v1/images${each.optimized ? "" : "?optimize=false"}`],
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": type },
        body: { file },
        differsAt,
        clients,
        count,
      });
    const { failed } = await upload(small[each.kind], 1, 1);
    if (failed > 0) throw new Error(`The first upload failed: ${backend.lines.slice(-3).join("\n")}`);
    await pause(SETTLE_MS);
    const idle = memoryOf(app);
    resetPeak(app);
    const { perClient, ...result } = await upload(large[each.kind], each.uploads, each.atOnce);
    const peak = peakOf(app);
    const inFlight = (each.atOnce * largeBytes) / MIB;
    const mibPerSecond = (result.perSecond * largeBytes) / MIB;
    return { ...each, ...result, idle, peak, inFlight, growth: (peak - idle) / inFlight, mibPerSecond };
  } finally {
    await host.close();
  }
}

/** @param root of the sources */
export async function benchUpload(root: string): Promise<{ figures: object; isCorrect: boolean }> {
  if (process.platform !== "linux") {
    printLine("Not run: the memory of the app's process is read from /proc, which only Linux has.");
    return { figures: {}, isCorrect: true };
  }
  const small = await imageFile(root, SMALL);
  const large = await imageFile(root, LARGE, { quality: LARGE_QUALITY });
  const largeBytes = (await stat(large.file)).size;
  const backend = await startBackend();
  // Every case starts its own app. This one would take their events.
  await backend.host.close();
  const client = startHttpLoad();
  try {
    printLine(`JPEGs of ${number(largeBytes / MIB, 1)} MiB and ${LARGE.width} x ${LARGE.height} pixels.`);
    printLine("The local host and two proxies before the blob store share a thread, which limits the throughput.");
    printLine("In Azure other instances create the thumbnails; where it says yes the same process does.\n");
    const bodies = { small: await bodiesOf(small.file), large: await bodiesOf(large.file) };
    const setup = { backend, client, ...bodies, largeBytes, token: await backend.token("owner") };
    const figures: Figures[] = [];
    for (const each of CASES) figures.push(await measure(each, setup));
    printTable(figures, {
      body: ({ kind }) => kind,
      optimized: ({ optimized }) => (optimized ? "yes" : "no"),
      thumbnails: ({ thumbnails }) => (thumbnails ? "yes" : "no"),
      "at once": ({ atOnce }) => number(atOnce),
      failed: ({ failed }) => number(failed),
      "MiB/s": ({ mibPerSecond }) => number(mibPerSecond, 1),
      "p50 ms": ({ p50 }) => number(p50),
      "max ms": ({ max }) => number(max),
      "idle MiB": ({ idle }) => number(idle),
      "peak MiB": ({ peak }) => number(peak),
      "growth/in flight": ({ growth }) => number(growth, 2),
    });
    printLine();
    const isCorrect = judge(figures);
    const costly = await benchCostlyImages(backend);
    return {
      figures: { largeBytes, cases: figures, costly: costly.figures },
      isCorrect: isCorrect && costly.isCorrect,
    };
  } finally {
    await client.end();
    await backend.close();
  }
}

/** @returns whether every upload succeeded; memory and time are reported only */
function judge(figures: readonly Figures[]): boolean {
  printTarget(
    `growth over idle is at most ${MAX_GROWTH} times the bytes in flight: ${figures.map(({ growth }) => number(growth, 2)).join(", ")}`,
    figures.every(({ growth }) => growth <= MAX_GROWTH),
  );
  return printTarget(
    "every upload succeeded",
    figures.every(({ failed }) => failed === 0),
  );
}
