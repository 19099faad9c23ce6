// Who creates the nine variants of a photo: Vitae, sharp, Pillow and vipsthumbnail, each on one core and with Vitae's quality,
// effort and resolution of colours.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AVIF, QUALITY, WEBP_EFFORT } from "../../functions/thumbnail/encode.ts";
import { peakOf } from "../app-process.ts";
import { startChild } from "../child.ts";
import { printLine } from "../print.ts";
import { sum } from "../statistics.ts";
import { widths } from "./nine.ts";
import { isAvailable, run } from "./programs.ts";
import type { VariantsRequest, VariantsResult } from "./variants-child.ts";

export type Contender = {
  readonly name: string;
  render(file: string): Promise<VariantsResult>;
  /** Renders in a fresh process, for its memory. */
  renderOnce(file: string): Promise<VariantsResult>;
  end(): Promise<void>;
};

/** A process that stays warm. */
export function inChild(name: string, way: VariantsRequest["way"]): Contender {
  const start = () => startChild<VariantsRequest, VariantsResult>(new URL("variants-child.ts", import.meta.url));
  const { call, end } = start();
  return {
    name,
    render: (file) => call({ file, way }),
    renderOnce(file) {
      const fresh = start();
      return fresh.call({ file, way }).finally(fresh.end);
    },
    end,
  };
}

/** Every round is a process of its own. */
function asProcess(name: string, render: Contender["render"]): Contender {
  return { name, render, renderOnce: render, end: async () => undefined };
}

/** libaom's speed of libvips' effort. */
const AVIF_SPEED = 9 - AVIF.effort;

async function withPillow(file: string): Promise<VariantsResult> {
  const formats = {
    avif: { format: "AVIF", quality: AVIF.quality, speed: AVIF_SPEED, subsampling: "4:4:4" },
    webp: { format: "WEBP", quality: QUALITY, method: WEBP_EFFORT },
    jpeg: { format: "JPEG", quality: QUALITY, optimize: true },
  };
  const script = fileURLToPath(new URL("pillow.py", import.meta.url));
  const request = JSON.stringify({ file, widths, formats });
  const { stdout } = await run("taskset", ["-c", "0", "python3", script, request]);
  return JSON.parse(stdout);
}

const POLL_MS = 10;

/** Milliseconds of a run on one core, and its memory in MiB, which is read until shortly before it ends. */
async function time(args: readonly string[]): Promise<{ ms: number; peak: number }> {
  const startedAt = performance.now();
  // sharp sets VIPSHOME in this process, and with it the program does not find its module for AVIF.
  const { VIPSHOME: _, ...env } = process.env;
  const child = spawn("taskset", ["-c", "0", "vipsthumbnail", ...args], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  let peak = 0;
  const timer = setInterval(() => {
    try {
      peak = Math.max(peak, peakOf(child.pid as number));
    } catch {
      // The process has ended.
    }
  }, POLL_MS);
  const [code] = await once(child, "exit").finally(() => clearInterval(timer));
  if (code !== 0) throw new Error(`vipsthumbnail ${args.join(" ")} ended with code ${code}`);
  return { ms: performance.now() - startedAt, peak };
}

/** One run for each variant, so the time of as many runs of `vipsthumbnail --version` is subtracted. */
async function withVipsthumbnail(file: string, dir: string): Promise<VariantsResult> {
  const formats = {
    avif: `bitdepth=8,Q=${AVIF.quality},effort=${AVIF.effort},subsample-mode=off,strip`,
    webp: `Q=${QUALITY},effort=${WEBP_EFFORT},strip`,
    jpeg: `Q=${QUALITY},optimize-coding,strip`,
  };
  const runs: { name: string; bytes: number; ms: number; peak: number }[] = [];
  for (const width of widths)
    for (const [format, options] of Object.entries(formats)) {
      const name = `${width}.${format}`;
      const out = join(dir, name);
      const { ms, peak } = await time([file, "--size", `${width}x${width}>`, "-o", `${out}[${options}]`]);
      const started = await time(["--version"]);
      runs.push({ name, bytes: (await stat(out)).size, ms: ms - started.ms, peak });
    }
  return { ms: sum(runs.map(({ ms }) => ms)), peak: Math.max(...runs.map(({ peak }) => peak)), each: [], sizes: runs };
}

const HAS_PILLOW = "from PIL import features; raise SystemExit(not features.check('avif'))";

/** Those that are not available are reported and left out. @param dir for files of vipsthumbnail */
export async function startContenders(dir: string): Promise<readonly Contender[]> {
  const contenders = [inChild("Vitae", "app"), inChild("Vitae, nine decodes", "naive"), inChild("sharp", "sharp")];
  if (await isAvailable("python3", ["-c", HAS_PILLOW])) contenders.push(asProcess("Pillow", withPillow));
  else
    printLine(
      "Pillow with AVIF is not installed and not compared: python3 -m venv .local/pillow, " +
        "then .local/pillow/bin/pip install 'pillow>=11.3', then run with PATH=.local/pillow/bin:$PATH.",
    );
  if (await isAvailable("vipsthumbnail", ["--version"]))
    contenders.push(asProcess("vipsthumbnail", (file) => withVipsthumbnail(file, dir)));
  else printLine("vipsthumbnail is not installed and not compared: install libvips-tools.");
  return contenders;
}
