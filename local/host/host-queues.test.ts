// Queue functions: their input, retries, and the poison queue.
import { randomUUID } from "node:crypto";
import { DefaultAzureCredential } from "@azure/identity";
import { type QueueClient, QueueServiceClient } from "@azure/storage-queue";
import { beforeEach, expect, test, vi } from "vitest";
import { start } from "./host.fixture.ts";

const settings = [
  "MEDIA__queueServiceUri",
  "MEDIA__credential",
  "IDENTITY_ENDPOINT",
  "IDENTITY_HEADER",
  "NODE_EXTRA_CA_CERTS",
];
const environment = Object.fromEntries(settings.map((name) => [name, process.env[name] ?? ""]));
const service = new QueueServiceClient(process.env.MEDIA__queueServiceUri ?? "", new DefaultAzureCredential());

let queue: QueueClient;
let poison: QueueClient;
beforeEach(() => {
  const name = `q${randomUUID()}`;
  [queue, poison] = [service.getQueueClient(name), service.getQueueClient(`${name}-poison`)];
});
const startQueues = () => start("queues", { env: { ...environment, QUEUE: queue.name } });
const send = (text: string) => queue.sendMessage(Buffer.from(text).toString("base64"));
const parseLines = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
const remaining = async (of: QueueClient) => (await of.peekMessages()).peekedMessageItems;

test("a JSON message arrives parsed, with the metadata of Azure, and is deleted", async () => {
  const { line } = await startQueues();
  await queue.create();
  const { messageId } = await send('{"of":"value"}');
  expect(JSON.parse(await line(/^\{/))).toEqual({
    message: { of: "value" },
    triggerMetadata: {
      queueTrigger: { of: "value" },
      dequeueCount: 1,
      id: messageId,
      popReceipt: expect.any(String),
      insertionTime: expect.stringMatching(/^20.*\+00:00$/),
      expirationTime: expect.stringMatching(/^20.*\+00:00$/),
      nextVisibleTime: expect.stringMatching(/^20.*\+00:00$/),
    },
  });
  await vi.waitFor(async () => expect((await queue.getProperties()).approximateMessagesCount).toBe(0), 30_000);
});

test("a message that is no JSON arrives as text, also when it was sent before the start of the host", async () => {
  await queue.create();
  for (const text of ["größer", "kleiner"]) await send(text);
  const { lines } = await startQueues();
  await vi.waitFor(() => expect(parseLines(lines)).toHaveLength(2), 30_000);
  expect(
    parseLines(lines)
      .map(({ message }) => message)
      .sort(),
  ).toEqual(["größer", "kleiner"]);
});

test("a queue function that fails is retried with a growing dequeueCount", async () => {
  await queue.create();
  await send('{"failures":4}');
  const { lines, line } = await startQueues();
  await vi.waitFor(() => expect(parseLines(lines)).toHaveLength(5), 30_000);
  expect(parseLines(lines).map(({ triggerMetadata }) => triggerMetadata.dequeueCount)).toEqual([1, 2, 3, 4, 5]);
  await line(/the queue function broke/);
  await vi.waitFor(async () => expect((await queue.getProperties()).approximateMessagesCount).toBe(0), 30_000);
  expect(await poison.exists()).toBe(false);
});

test("a message that fails five times or is no base64 moves to the poison queue unchanged", async () => {
  await queue.create();
  const [failing, unreadable] = [Buffer.from('{"failures":5}').toString("base64"), "no base64!"];
  await queue.sendMessage(failing);
  await queue.sendMessage(unreadable);
  const { line } = await startQueues();
  await line(/^Function printing failed 5 times for message .*: see queue q.*-poison\.$/);
  await line(/^Function printing got message .*, which is no base64: see queue/);
  const texts = (await poison.peekMessages({ numberOfMessages: 5 })).peekedMessageItems.map((each) => each.messageText);
  expect(texts.sort()).toEqual([unreadable, failing].sort());
  expect(await remaining(queue)).toEqual([]);
});

test("a message that fails in a poison queue stays there hidden, without a poison queue of its own", async () => {
  queue = poison;
  await queue.create();
  await send('{"failures":5}');
  const { line, lines } = await startQueues();
  await line(/^Function printing failed for message .* of q.*-poison: it stays hidden\.$/);
  expect(parseLines(lines)).toHaveLength(1);
  expect(await remaining(queue)).toEqual([]);
  expect((await queue.getProperties()).approximateMessagesCount).toBe(1);
  expect(await service.getQueueClient(`${queue.name}-poison`).exists()).toBe(false);
});

test("closing the host finishes the running message, and leaves none hidden", async () => {
  await queue.create();
  const { lines, line, close } = await startQueues();
  await send("one");
  await line(/^\{/);
  await close();
  expect(parseLines(lines)).toHaveLength(1);
  await send("two");
  expect(await remaining(queue)).toHaveLength(1);
});
