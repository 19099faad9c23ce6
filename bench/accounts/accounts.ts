// bench accounts: sign-ins and refreshes a second, the visits next to fifty sign-ins at once, and the time of unknown users.
import { startBackend } from "../../local/backend.fixture.ts";
import { findChild, runOnOneCpu } from "../app-process.ts";
import { printLine } from "../print.ts";
import { startAuthClient } from "./client.ts";
import { benchParallel } from "./parallel.ts";
import { benchRates } from "./rates.ts";
import { benchUnknownUsers } from "./unknown-users.ts";

/** The limits count, with their table calls, and reject nothing. */
const UNREACHED = "1000000000";
const LIMITS = {
  RATE_LIMITS: "on",
  RATE_LIMIT_ANONYMOUS: UNREACHED,
  RATE_LIMIT_SECRET: UNREACHED,
  RATE_LIMIT_VISITS: UNREACHED,
};

export async function benchAccounts(): Promise<{ figures: object; isCorrect: boolean }> {
  if (process.platform !== "linux") {
    printLine("Not run: it reads the memory of the app's process from /proc, and limits its CPUs, which needs Linux.");
    return { figures: {}, isCorrect: true };
  }
  const backend = await startBackend(LIMITS);
  const client = startAuthClient();
  try {
    const { api, owner } = backend;
    const app = findChild("worker-main");
    // Before the first hash, which decides by the CPUs how many run at once.
    runOnOneCpu(app);
    printLine("The app has one CPU, as an instance in Azure.");
    const setup = { api, backend, app, client, credentials: { username: owner.email, password: owner.password } };
    const rates = await benchRates(setup);
    const parallel = await benchParallel(setup);
    const unknownUsers = await benchUnknownUsers(setup);
    const parts = { rates, parallel, unknownUsers };
    return {
      figures: Object.fromEntries(Object.entries(parts).map(([name, { figures }]) => [name, figures])),
      isCorrect: Object.values(parts).every(({ isCorrect }) => isCorrect),
    };
  } finally {
    await client.end();
    await backend.close();
  }
}
