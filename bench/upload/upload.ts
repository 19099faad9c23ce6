// bench upload: memory of the app's process and throughput while 10 MiB pictures come, 1, 10 and 50 at a time.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Backend, startBackend } from "../../local/backend.fixture.ts";
import { type Part, startPart } from "../part.ts";
import { number, printTable, printTarget, say } from "../print.ts";
import { makePictures } from "../thumbnail/pictures.ts";
import type { Uploaded, UploadQuestion } from "./client.ts";
import { uploadPicture } from "./picture.ts";
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
  Uploaded & {
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
  readonly client: Part<UploadQuestion, Uploaded>;
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
    const ask = (file: string, uploads: number, parallel: number) =>
      client.ask({ url: `${host.url}/api/v1/images`, token, file, kind, atOnce: parallel, uploads });
    const { failed } = await ask(small, 1, 1);
    if (failed > 0) throw new Error(`The first upload failed: ${backend.lines.slice(-3).join("\n")}`);
    await pause(SETTLE_MS);
    const idle = memoryOf(app);
    resetPeak(app);
    const uploads = UPLOADS[atOnce] ?? atOnce;
    const uploaded = await ask(picture.file, uploads, atOnce);
    const peak = peakOf(app);
    const inFlight = (atOnce * picture.bytes) / 2 ** 20;
    const mibPerSecond = (uploads * picture.bytes) / 2 ** 20 / (uploaded.ms / 1000);
    const growth = (peak - idle) / inFlight;
    return { kind, atOnce, thumbnails, ...uploaded, uploads, idle, peak, inFlight, growth, mibPerSecond };
  } finally {
    await host.close();
  }
}

/** @param root of the sources */
export async function benchUpload(root: string): Promise<{ figures: object; sound: boolean }> {
  if (process.platform !== "linux") {
    say("Not run: the memory of the app's process is read from /proc, which only Linux has.");
    return { figures: {}, sound: true };
  }
  const dir = join(root, ".local", "bench-pictures");
  const [small] = await makePictures(dir, [{ width: 1152, height: 864 }]);
  const picture = await uploadPicture(dir);
  const backend = await startBackend();
  // Every case has an app of its own; this one would take the events of theirs.
  await backend.host.close();
  const client = startPart<UploadQuestion, Uploaded>(new URL("client.ts", import.meta.url), { env: {} });
  try {
    say(
      `JPEGs of ${number(picture.bytes / 2 ** 20, 1)} MiB and ${number(picture.megapixels)} megapixels, sent by a process of its own. The`,
    );
    say("local host and two proxies before the blobs share one thread, which bounds the throughput.");
    say(
      "In Azure thumbnails are made by other instances than the ones that take uploads; the last row makes them here.\n",
    );
    const bench = { backend, client, picture, small: small?.file ?? "", token: await backend.token("owner") };
    const figures: Figures[] = [];
    for (const each of CASES) figures.push(await measure(each, bench));
    print(figures);
    say();
    return { figures: { picture, cases: figures }, sound: judge(figures) };
  } finally {
    await client.end();
    await backend.close();
  }
}

function print(figures: readonly Figures[]): void {
  printTable(
    [
      "body",
      "thumbnails",
      "at once",
      "uploads",
      "failed",
      "MiB/s",
      "p50 ms",
      "max ms",
      "idle MiB",
      "peak MiB",
      "in flight MiB",
      "growth/in flight",
    ],
    figures.map((each) => [
      each.kind,
      each.thumbnails ? "yes" : "no",
      number(each.atOnce),
      number(each.uploads),
      number(each.failed),
      number(each.mibPerSecond, 1),
      number(each.p50),
      number(each.max),
      number(each.idle),
      number(each.peak),
      number(each.inFlight),
      number(each.growth, 2),
    ]),
  );
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
