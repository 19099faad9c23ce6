// The queue of uploads: how many run at once, retries, cancelling.
import { expect, it } from "vitest";
import { ApiError } from "../api-error.ts";
import { createUploadQueue, type Upload } from "./upload-queue.ts";

const settle = () => new Promise((resolve) => setImmediate(resolve));
const file = (name: string) => new File(["x"], name);

/** Uploads that end when the test says so. */
function open() {
  const sent: { name: string; signal: AbortSignal; end: (error?: Error) => void }[] = [];
  const waits: number[] = [];
  const done: string[] = [];
  let list: readonly Upload<string>[] = [];
  const queue = createUploadQueue<string>({
    send: ({ name }, _, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("Cancelled.")));
        sent.push({ name, signal, end: (error) => (error ? reject(error) : resolve(name)) });
      }),
    onChange: (uploads) => {
      list = uploads;
    },
    onDone: (name) => void done.push(name),
    wait: async (seconds) => void waits.push(seconds),
  });
  const end = async (index: number, error?: Error) => {
    sent[index]?.end(error);
    await settle();
  };
  return { queue, sent, waits, done, end, states: () => list.map(({ file: { name }, state }) => `${name} ${state}`) };
}
const busy = (status: number, retryAfter?: number) => new ApiError("Busy", { status, retryAfter });

it("sends three at once, and one more when one has ended, in order", async () => {
  const { queue, sent, done, end, states } = open();
  queue.add(["a", "b", "c", "d", "e"].map(file));
  expect(sent.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  expect(states()).toEqual(["a sending", "b sending", "c sending", "d queued", "e queued"]);
  await end(1);
  expect(sent.map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
  await end(0, new Error("broken"));
  expect(sent).toHaveLength(5);
  expect(states()).toEqual(["a failed", "b done", "c sending", "d sending", "e sending"]);
  expect(done).toEqual(["b"]);
});

it("repeats after 503 and 429 with the pause of Retry-After, of at most a minute, and gives up after six attempts", async () => {
  const { queue, waits, end, states } = open();
  queue.add([file("a")]);
  for (const [index, error] of [busy(503, 3), busy(429, 900), busy(503), busy(503, 1), busy(429, 2)].entries())
    await end(index, error);
  expect(waits).toEqual([3, 60, 2, 1, 2]);
  expect(states()).toEqual(["a sending"]);
  await end(5, busy(503, 1));
  expect(states()).toEqual(["a failed"]);
  expect(waits).toHaveLength(5);
});

it("does not repeat another error by itself, and sends the file again on retry", async () => {
  const { queue, sent, end, states } = open();
  queue.add([file("a")]);
  await end(0, busy(422));
  expect([states(), sent.length]).toEqual([["a failed"], 1]);
  queue.retry(1);
  queue.retry(1);
  expect([states(), sent.length]).toEqual([["a sending"], 2]);
  await end(1);
  expect(states()).toEqual(["a done"]);
});

it("cancels a running upload, removes it, and starts the next", async () => {
  const { queue, sent, done, states } = open();
  queue.add(["a", "b", "c", "d"].map(file));
  queue.remove(1);
  await settle();
  expect(sent[0]?.signal.aborted).toBe(true);
  expect(states()).toEqual(["b sending", "c sending", "d sending"]);
  expect(done).toEqual([]);
  queue.remove(4);
  await settle();
  expect(states()).toEqual(["b sending", "c sending"]);
});
