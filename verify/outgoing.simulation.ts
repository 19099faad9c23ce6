// Preloaded into an app's process: prints each host that it asks, and brings on at once what libraries do some seconds later.
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";

subscribe("http.client.request.start", (message) => {
  const { request } = message as { request: ClientRequest };
  process.stdout.write(`outgoing ${request.getHeader("host")}\n`);
});

const { setTimeout } = globalThis;
const hastened = (run: () => void, milliseconds = 0, ...given: []) =>
  setTimeout(run, milliseconds >= 5_000 && milliseconds <= 15_000 ? 100 : milliseconds, ...given);
globalThis.setTimeout = Object.assign(hastened, setTimeout) as typeof setTimeout;
