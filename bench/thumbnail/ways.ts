// The ways to make a thumbnail that the bench compares: Vitae's, two libraries and a command; those that are not installed are named.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { startChild } from "../child.ts";
import type { Contender, Job, Made, Way } from "./contender.ts";

const run = promisify(execFile);
const env = { PATH: process.env.PATH ?? "" };
/** GNU time tells the memory of a command that has ended. */
const GNU_TIME = "/usr/bin/time";

function inNode(name: "vitae" | "jimp"): Contender {
  const child = startChild<Job, Made>(new URL("node-part.ts", import.meta.url), { env, args: [name] });
  return { make: (job) => child.call(job), end: () => child.end() };
}

function pillow(python: string): Contender {
  const child = spawn(python, [fileURLToPath(new URL("pillow.py", import.meta.url))], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  return {
    async make(job) {
      const answered = once(lines, "line");
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const died = exited.then(([code]) => {
        throw new Error(`Pillow ended with code ${code}`);
      });
      const [line] = await Promise.race([answered, died]);
      return JSON.parse(line);
    },
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}

async function timed(command: string, args: readonly string[]) {
  const began = performance.now();
  const { stderr } = await run(command, args, { env });
  return { ms: performance.now() - began, stderr };
}

/** Each thumbnail with the start and end of its process; with the memory of it, where GNU time is there to tell. */
function vipsThumbnail(forMemory: boolean): Contender {
  return {
    async make({ file, out }) {
      const thumbnail = `${out}.webp`;
      const command = ["vipsthumbnail", file, "--size", "256x256>", "-o", `${thumbnail}[Q=80,strip]`] as const;
      const [program, ...args] = forMemory ? ([GNU_TIME, "-f", "%M", ...command] as const) : command;
      const { ms, stderr } = await timed(program, args);
      return { file: thumbnail, ms, peak: forMemory ? Number(stderr.trim().split("\n").at(-1)) / 1024 : null };
    },
    end: async () => undefined,
  };
}

/** How long the command takes when it has nothing to do. */
export const vipsStartUp = async () => (await timed("vipsthumbnail", ["--version"])).ms;

async function firstLine(command: string, args: readonly string[]): Promise<string | undefined> {
  const { stdout } = await run(command, args, { env }).catch(() => ({ stdout: "" }));
  return stdout.trim().split("\n")[0] || undefined;
}

/** Debian installs Pillow for its own Python, which need not be the first on the path. */
async function findPillow(): Promise<{ python: string; version: string } | undefined> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const version = await firstLine(python, ["-c", "import PIL; print(PIL.__version__)"]);
    if (version) return { python, version };
  }
  return undefined;
}

export type WayName = "vitae" | "vipsthumbnail" | "pillow" | "jimp";

export async function findWays(): Promise<Record<WayName, Way>> {
  const vips = await firstLine("vipsthumbnail", ["--version"]);
  const python = await findPillow();
  const { version } = createRequire(import.meta.url)("jimp/package.json");
  const way = (name: string, runs: string | undefined, start: () => Contender): Way => ({
    name,
    runs,
    start,
    startForMemory: start,
  });
  return {
    vitae: way("Vitae", `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`, () => inNode("vitae")),
    vipsthumbnail: {
      ...way("vipsthumbnail", vips && `lib${vips.replace("-", " ")}`, () => vipsThumbnail(false)),
      startForMemory: () => vipsThumbnail(existsSync(GNU_TIME)),
    },
    pillow: way("Pillow", python && `Pillow ${python.version}`, () => pillow(python?.python ?? "")),
    jimp: way("jimp", `jimp ${version}`, () => inNode("jimp")),
  };
}
