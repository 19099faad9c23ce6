// Imports one build of the app in this fresh process, as the worker in Azure does, and prints the milliseconds.
import { pathToFileURL } from "node:url";
import { installCore } from "../../local/host/worker-core.ts";

const core = installCore(() => undefined);
const [file = ""] = process.argv.slice(2);
const { href } = pathToFileURL(file);
const began = performance.now();
await import(href);
const ms = performance.now() - began;
if (core.functions.size === 0) throw new Error(`${file} registered no function`);
// The app may keep the process alive.
process.stdout.write(`\n${JSON.stringify({ ms, functions: core.functions.size })}\n`, () => process.exit(0));
