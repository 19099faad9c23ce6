// The time of a rejected sign-in: of a known user with a wrong password, and of users for whom no password is right.
import { randomUUID } from "node:crypto";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { median, percentile } from "../statistics.ts";
import { type Credentials, signIn } from "./client.ts";
import type { Setup } from "./rates.ts";

const ROUNDS = 400;
const WARM_UP = 20;
/** A difference of the medians that a remote client cannot tell from the network's. */
const MAX_RATIO = 1.05;

const KINDS = ["known", "unknown", "disabled", "without a password"] as const;
type Kind = (typeof KINDS)[number];

/** Creates a user who has not redeemed the one-time token. @returns the id and that token */
async function createUser({ api, credentials }: Setup, email: string) {
  const form = new URLSearchParams({ grant_type: "password", ...credentials });
  const signedIn = await fetch(`${api}/v1/auth/token`, { method: "POST", body: form });
  const { access_token: accessToken } = (await signedIn.json()) as { access_token: string };
  const send = async (method: string, path: string, body: object) => {
    const headers = { authorization: `Bearer ${accessToken}`, "content-type": "application/json" };
    const response = await fetch(`${api}/v1/${path}`, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} /v1/${path} got ${response.status}`);
    return response;
  };
  const created = (await (await send("POST", "users", { email, role: "viewer" })).json()) as {
    user: { id: string };
    token: string;
  };
  return {
    setPassword: () => send("POST", "auth/password", { token: created.token, password: randomUUID() }),
    disable: () => send("PATCH", `users/${created.user.id}`, { state: "disabled" }),
  };
}

/** One name of each kind, all of one length, so that the requests differ in nothing else, also for the rate limits. */
async function createNames(setup: Setup): Promise<Record<Kind, string>> {
  const { username: known }: Credentials = setup.credentials;
  const newName = () => known.replace(/^[^@]*/, randomUUID().replaceAll("-", "").slice(0, known.indexOf("@")));
  const names = { known, unknown: newName(), disabled: newName(), "without a password": newName() };
  const disabled = await createUser(setup, names.disabled);
  await disabled.setPassword();
  await disabled.disable();
  await createUser(setup, names["without a password"]);
  return names;
}

const shuffle = (kinds: readonly Kind[]) =>
  kinds
    .map((kind) => ({ kind, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ kind }) => kind);

/** Each round has every kind, in random order, so that a slower minute of the machine meets all of them. */
export async function benchUnknownUsers(setup: Setup): Promise<{ figures: object; isCorrect: boolean }> {
  const times: Record<Kind, number[]> = { known: [], unknown: [], disabled: [], "without a password": [] };
  const statuses = new Set<number>();
  const names = await createNames(setup);
  for (let round = -WARM_UP; round < ROUNDS; round++)
    for (const kind of shuffle(KINDS)) {
      const began = performance.now();
      const { status } = await signIn(setup.api, { username: names[kind], password: randomUUID() });
      const ms = performance.now() - began;
      statuses.add(status);
      if (round >= 0) times[kind].push(ms);
    }
  const figures = KINDS.map((kind) => ({
    kind,
    p10: percentile(times[kind], 0.1),
    p50: median(times[kind]),
    p90: percentile(times[kind], 0.9),
    p99: percentile(times[kind], 0.99),
  }));
  printLine(`\nRejected sign-ins, ${ROUNDS} of each kind, interleaved, one at a time.\n`);
  printTable(figures, {
    user: ({ kind }) => kind,
    "p10 ms": ({ p10 }) => number(p10, 2),
    "p50 ms": ({ p50 }) => number(p50, 2),
    "p90 ms": ({ p90 }) => number(p90, 2),
    "p99 ms": ({ p99 }) => number(p99, 2),
  });
  const ratios = Object.fromEntries(
    KINDS.filter((kind) => kind !== "known").map((kind) => [kind, median(times[kind]) / median(times.known)]),
  );
  const text = Object.entries(ratios).map(([kind, ratio]) => `${kind} ${number(ratio, 3)}`);
  printLine();
  const isSame = printTarget(
    `the medians differ from that of a known user by at most ${number((MAX_RATIO - 1) * 100)} %: ${text.join(", ")}`,
    Object.values(ratios).every((ratio) => Math.max(ratio, 1 / ratio) <= MAX_RATIO),
  );
  const isRejected = printTarget(`every try got 400: ${[...statuses].join(", ")}`, [...statuses].join() === "400");
  return { figures: { ratios, kinds: figures }, isCorrect: isSame && isRejected };
}
