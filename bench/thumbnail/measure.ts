// Times every way on one picture, in alternating rounds, and looks at what each of them made.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { median, percentile } from "../statistics.ts";
import type { Contender, Way } from "./contender.ts";
import type { Picture } from "./pictures.ts";
import { vipsStartUp, type WayName } from "./ways.ts";

export type Running = { readonly id: WayName; readonly way: Way; readonly contender: Contender };

export type Timing = {
  readonly id: WayName;
  readonly name: string;
  /** Medians, in milliseconds; alone is without the start and end of a process, where each thumbnail has its own. */
  readonly ms: number;
  readonly alone: number;
  readonly fastest: number;
  readonly rounds: number;
  readonly peak: number | null;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
};

/** jimp is slow enough for few rounds to tell. */
const JIMP_ROUNDS = 3;

type Setting = { readonly running: readonly Running[]; readonly rounds: number; readonly dir: string };

async function peakOf(way: Way, job: { file: string; out: string }): Promise<number | null> {
  const contender = way.startForMemory();
  try {
    return (await contender.make(job)).peak ?? null;
  } finally {
    await contender.end();
  }
}

export async function measurePicture({ file }: Picture, { running, rounds, dir }: Setting): Promise<Timing[]> {
  const jobOf = (id: WayName) => ({ file, out: join(dir, id) });
  const times = new Map<WayName, number[]>(running.map(({ id }) => [id, []]));
  const made = new Map<WayName, string>();
  const startUps: number[] = [];
  const isSlow = (id: WayName, round: number) => id === "jimp" && round > JIMP_ROUNDS;
  // The first round warms up, for all alike, and is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const { id, contender } of round % 2 === 0 ? running : running.toReversed()) {
      if (isSlow(id, round)) continue;
      const { ms, file: thumbnail } = await contender.make(jobOf(id));
      made.set(id, thumbnail);
      if (round > 0) times.get(id)?.push(ms);
      if (round > 0 && id === "vipsthumbnail") startUps.push(await vipsStartUp());
    }
  }
  const timings: Timing[] = [];
  for (const { id, way } of running) {
    const taken = times.get(id) ?? [];
    const ms = median(taken);
    const thumbnail = await readFile(made.get(id) ?? "");
    const { width, height } = await sharp(thumbnail).metadata();
    timings.push({
      id,
      name: way.name,
      ms,
      alone: id === "vipsthumbnail" ? ms - median(startUps) : ms,
      fastest: percentile(taken, 0),
      rounds: taken.length,
      peak: await peakOf(way, jobOf(id)),
      width,
      height,
      bytes: thumbnail.byteLength,
    });
  }
  return timings;
}
