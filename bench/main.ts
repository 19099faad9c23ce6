// npm run bench [-- NAME...] [--json FILE]: lists the benches and runs those named, or all.
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { readCommandLine } from "../scripts/command-line.ts";
import { benchAccounts } from "./accounts/accounts.ts";
import { benchBoundary } from "./boundary/boundary.ts";
import { benchColdStart } from "./cold-start/cold-start.ts";
import { benchCounter } from "./counter/counter.ts";
import { benchLibrary } from "./library/library.ts";
import { benchLinks } from "./links/links.ts";
import { measureMachine, printMachine } from "./machine.ts";
import { printLine } from "./print.ts";
import { benchThumbnail } from "./thumbnail/thumbnail.ts";
import { benchVariants } from "./thumbnail/variants.ts";
import { benchUpload } from "./upload/upload.ts";

type Bench = { readonly what: string; run(): Promise<{ figures: object; isCorrect: boolean }> };

const root = join(import.meta.dirname, "..");
const built = join(root, "dist");
const BENCHES: Readonly<Record<string, Bench>> = {
  counter: {
    what: "the visitor counter against read-add-write, and several instances on one table",
    run: () => benchCounter(built),
  },
  boundary: {
    what: "a handler behind the whole boundary against the same handler alone",
    run: () => benchBoundary(root),
  },
  "cold-start": {
    what: "importing the bundle against importing the app unbundled",
    run: () => benchColdStart(root, built),
  },
  thumbnail: {
    what: "creating a thumbnail against vipsthumbnail and jimp",
    run: () => benchThumbnail(root),
  },
  variants: {
    what: "nine variants of a photo on one core against sharp, Pillow and vipsthumbnail, and the memory of the largest JPEG",
    run: () => benchVariants(root),
  },
  upload: {
    what: "memory and throughput of the app during large and expensive uploads, and the wait of other requests",
    run: () => benchUpload(root),
  },
  links: {
    what: "links a second from a warm app, and the network calls of each",
    run: () => benchLinks(root),
  },
  library: {
    what: "table calls, rows and milliseconds of a page of the list, with 10, 1,000 and 100,000 images",
    run: () => benchLibrary([10, 1_000, 100_000]),
  },
  accounts: {
    what: "sign-ins and refreshes a second, visits next to fifty sign-ins at once, and the time of unknown users",
    run: () => benchAccounts(),
  },
};

function stop(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

const { flags, operands } = readCommandLine({
  name: "npm run bench",
  about: "Runs the benches, which measure dist/: npm run build first.",
  operands: {
    value: "NAME...",
    about: ["default all:", ...Object.entries(BENCHES).map(([name, { what }]) => `${name}: ${what}`)].join("\n    "),
  },
  flags: { json: { value: "FILE", about: "stores the figures" } },
});
const unknown = operands.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown) stop(`There is no bench "${unknown}". The benches are ${Object.keys(BENCHES).join(", ")}.`);
if (!existsSync(join(built, "app.js"))) stop("The benches measure the bundle, and dist/ has none. Run: npm run build");

const machine = `Node.js ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model.trim()}`;
const results: Record<string, object> = {};
const noisy: string[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (operands.length > 0 && !operands.includes(name)) continue;
  printLine(`\n=== ${name}: ${machine}\n`);
  const before = await measureMachine();
  printMachine(before);
  const { figures, isCorrect } = await bench.run();
  // The programs of the bench have ended; another program may have started meanwhile.
  const after = await measureMachine();
  printMachine(after);
  if (!before.isQuiet || !after.isQuiet) noisy.push(name);
  results[name] = { ...figures, machine: { before, after } };
  if (!isCorrect) process.exitCode = 1;
}
if (noisy.length > 0)
  printLine(
    `\nToo noisy to count: ${noisy.join(", ")}. Stop other programs and run again before you use these figures.`,
  );
if (flags.json) await writeFile(flags.json, `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
