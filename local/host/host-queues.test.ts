// Queue functions: what they receive, how often, and what becomes of messages that fail.
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
const told = (lines: readonly string[]) => lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
const remaining = async (of: QueueClient) => (await of.peekMessages()).peekedMessageItems;

test("a message that is JSON arrives as what it says, with the metadata that Azure gives, and is deleted", async () => {
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
  await vi.waitFor(async () => expect((await queue.getProperties()).approximateMessagesCount).toBe(0));
});

test("a message that is no JSON arrives as text, and those that waited for the host are delivered", async () => {
  await queue.create();
  for (const text of ["größer", "kleiner"]) await send(text);
  const { lines } = await startQueues();
  await vi.waitFor(() => expect(told(lines)).toHaveLength(2));
  expect(
    told(lines)
      .map(({ message }) => message)
      .sort(),
  ).toEqual(["größer", "kleiner"]);
});

test("a function that fails is run again, and told how often the message was taken", async () => {
  await queue.create();
  await send('{"failures":4}');
  const { lines, line } = await startQueues();
  await vi.waitFor(() => expect(told(lines)).toHaveLength(5));
  expect(told(lines).map(({ triggerMetadata }) => triggerMetadata.dequeueCount)).toEqual([1, 2, 3, 4, 5]);
  await line(/the queue function broke/);
  await vi.waitFor(async () => expect((await queue.getProperties()).approximateMessagesCount).toBe(0));
  expect(await poison.exists()).toBe(false);
});

test("a message that fails five times, or cannot be read, goes to the poison queue as it was", async () => {
  await queue.create();
  const [failing, unreadable] = [Buffer.from('{"failures":5}').toString("base64"), "no base64!"];
  await queue.sendMessage(failing);
  await queue.sendMessage(unreadable);
  const { line } = await startQueues();
  await line(/^Function telling failed 5 times for message .*: see queue q.*-poison\.$/);
  await line(/^Function telling cannot read, since it is no base64, message/);
  const texts = (await poison.peekMessages({ numberOfMessages: 5 })).peekedMessageItems.map((each) => each.messageText);
  expect(texts.sort()).toEqual([unreadable, failing].sort());
  expect(await remaining(queue)).toEqual([]);
});

test("closing finishes the message under way, and leaves none hidden", async () => {
  await queue.create();
  const { lines, line, close } = await startQueues();
  await send("one");
  await line(/^\{/);
  await close();
  expect(told(lines)).toHaveLength(1);
  await send("two");
  expect(await remaining(queue)).toHaveLength(1);
});
