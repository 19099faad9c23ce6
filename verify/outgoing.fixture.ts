// Preloaded into the app's process: prints the host of each outgoing request, and brings reports of libraries forward.
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";

subscribe("http.client.request.start", (message) => {
  const { request } = message as { request: ClientRequest };
  process.stdout.write(`outgoing ${request.getHeader("host")}\n`);
});

// Telemetry libraries report about themselves 5 to 15 s after loading. 10 s is the timeout of an export, which stays.
const isReport = (milliseconds: number) => milliseconds >= 5_000 && milliseconds <= 15_000 && milliseconds !== 10_000;
const { setTimeout } = globalThis;
const shortened = (callback: () => void, milliseconds = 0, ...args: []) =>
  setTimeout(callback, isReport(milliseconds) ? 100 : milliseconds, ...args);
globalThis.setTimeout = Object.assign(shortened, setTimeout) as typeof setTimeout;
