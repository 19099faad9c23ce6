// bench upload: memory of the app's process and throughput while 10 MiB pictures come, 1, 10 and 50 at a time.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Backend, startBackend } from "../../local/backend.fixture.ts";
import type { Child } from "../child.ts";
import { type HttpLoadRequest, startHttpLoad } from "../http-load.ts";
import type { LoadResult } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { makePictures } from "../thumbnail/pictures.ts";
import { uploadPicture, writeForm } from "./picture.ts";
import { findChild, memoryOf, peakOf, resetPeak } from "./process-memory.ts";

type Case = { readonly kind: "raw" | "form"; readonly atOnce: number; readonly thumbnails: boolean };

const UPLOADS: Readonly<Record<number, number>> = { 1: 8, 10: 20, 50: 75 };
const CASES: readonly Case[] = [
  ...[1, 10, 50].map((atOnce) => ({ kind: "raw", atOnce, thumbnails: false }) as const),
  ...[1, 10, 50].map((atOnce) => ({ kind: "form", atOnce, thumbnails: false }) as const),
  { kind: "form", atOnce: 50, thumbnails: true },
];
const MOST_GROWTH = 3;
const SETTLE_MS = 1_000;

type Figures = Case &
  Omit<LoadResult, "perClient"> & {
    readonly uploads: number;
    /** MiB. */
    readonly idle: number;
    readonly peak: number;
    readonly inFlight: number;
    /** Growth over idle, as a multiple of the bytes in flight. */
    readonly growth: number;
    readonly mibPerSecond: number;
  };

type Bench = {
  readonly backend: Backend;
  readonly client: Child<HttpLoadRequest, LoadResult>;
  readonly picture: { readonly file: string; readonly bytes: number };
  readonly small: string;
  readonly token: string;
};

/** Each case in an app that has just started and taken one small picture, since memory once taken is seldom given back. */
async function measure({ kind, atOnce, thumbnails }: Case, bench: Bench): Promise<Figures> {
  const { backend, client, picture, small, token } = bench;
  backend.events.decide(() => (thumbnails ? "deliver" : "drop"));
  const host = await backend.addHost();
  try {
    const app = findChild("worker-main");
    async function upload(image: string, count: number, clients: number) {
      const { type, file } = kind === "raw" ? { type: "image/jpeg", file: image } : await writeForm(image);
      const headers = { authorization: `Bearer ${token}`, "content-type": type };
      return client.call({
        urls: [`${host.url}/api/v1/images`],
        method: "POST",
        headers,
        body: { file },
        clients,
        count,
      });
    }
    const { failed } = await upload(small, 1, 1);
    if (failed > 0) throw new Error(`The first upload failed: ${backend.lines.slice(-3).join("\n")}`);
    await pause(SETTLE_MS);
    const idle = memoryOf(app);
    resetPeak(app);
    const uploads = UPLOADS[atOnce] ?? atOnce;
    const { perClient, ...result } = await upload(picture.file, uploads, atOnce);
    const peak = peakOf(app);
    const inFlight = (atOnce * picture.bytes) / 2 ** 20;
    const mibPerSecond = (result.perSecond * picture.bytes) / 2 ** 20;
    const growth = (peak - idle) / inFlight;
    return { kind, atOnce, thumbnails, ...result, uploads, idle, peak, inFlight, growth, mibPerSecond };
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
  const dir = join(root, ".local", "bench-pictures");
  const [small] = await makePictures(dir, [{ width: 1152, height: 864 }]);
  const picture = await uploadPicture(dir);
  const backend = await startBackend();
  // Every case has an app of its own; this one would take the events of theirs.
  await backend.host.close();
  const client = startHttpLoad();
  try {
    printLine(
      `JPEGs of ${number(picture.bytes / 2 ** 20, 1)} MiB and ${number(picture.megapixels)} megapixels, sent by a process of its own. The`,
    );
    printLine("local host and two proxies before the blobs share one thread, which bounds the throughput.");
    printLine(
      "In Azure thumbnails are made by other instances than the ones that take uploads; the last row makes them here.\n",
    );
    const bench = { backend, client, picture, small: small?.file ?? "", token: await backend.token("owner") };
    const figures: Figures[] = [];
    for (const each of CASES) figures.push(await measure(each, bench));
    print(figures);
    printLine();
    return { figures: { picture, cases: figures }, isCorrect: judge(figures) };
  } finally {
    await client.end();
    await backend.close();
  }
}

function print(figures: readonly Figures[]): void {
  printTable(figures, {
    body: ({ kind }) => kind,
    thumbnails: ({ thumbnails }) => (thumbnails ? "yes" : "no"),
    "at once": ({ atOnce }) => number(atOnce),
    uploads: ({ uploads }) => number(uploads),
    failed: ({ failed }) => number(failed),
    "MiB/s": ({ mibPerSecond }) => number(mibPerSecond, 1),
    "p50 ms": ({ p50 }) => number(p50),
    "max ms": ({ max }) => number(max),
    "idle MiB": ({ idle }) => number(idle),
    "peak MiB": ({ peak }) => number(peak),
    "in flight MiB": ({ inFlight }) => number(inFlight),
    "growth/in flight": ({ growth }) => number(growth, 2),
  });
}

/** @returns whether every upload was taken: memory and time are no matter of right and wrong */
function judge(figures: readonly Figures[]): boolean {
  for (const thumbnails of [false, true]) {
    const growths = figures.filter((each) => each.thumbnails === thumbnails).map(({ growth }) => growth);
    printTarget(
      `${thumbnails ? "with thumbnails made in the same process" : "uploads"}: growth over idle at most ${MOST_GROWTH} times the bytes in flight: ${growths.map((growth) => number(growth, 2)).join(", ")}`,
      growths.every((growth) => growth <= MOST_GROWTH),
    );
  }
  return printTarget(
    "every upload was answered 201",
    figures.every(({ failed }) => failed === 0),
  );
}
