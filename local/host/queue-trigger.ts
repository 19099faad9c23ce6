// Runs functions for the messages of a storage queue: each at least once, five attempts, then the queue's poison queue.
// azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Queues: QueueTriggerBinding.cs
import { setTimeout as pause } from "node:timers/promises";
import type { DequeuedMessageItem, QueueClient } from "@azure/storage-queue";
import type { TypedData } from "./messages.ts";
import type { TriggerKind } from "./trigger.ts";

/** batchSize, maxDequeueCount and the time that a message stays hidden while its function runs, as in host.json. */
const BATCH = 16;
const ATTEMPTS = 5;
const HIDDEN_SECONDS = 600;
/** Between looks into an empty queue, longer each time. The real host goes from 100 ms to a minute. */
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 1000;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const statusOf = (error: unknown) => (error instanceof Error && "statusCode" in error ? error.statusCode : undefined);
const offset = (date: Date) => JSON.stringify(date.toISOString().replace("Z", "+00:00"));

function metadataOf(text: string, message: DequeuedMessageItem): Record<string, TypedData> {
  return {
    QueueTrigger: { string: text },
    DequeueCount: { json: String(message.dequeueCount) },
    ExpirationTime: { json: offset(message.expiresOn) },
    Id: { string: message.messageId },
    InsertionTime: { json: offset(message.insertedOn) },
    NextVisibleTime: { json: offset(message.nextVisibleOn) },
    PopReceipt: { string: message.popReceipt },
  };
}

async function moveTo(poison: QueueClient, text: string): Promise<void> {
  await poison.createIfNotExists();
  await poison.sendMessage(text);
}

export const queueTrigger: TriggerKind = ({ functionName, binding, run, setting, connection, log }) => {
  const queueName = setting(String(binding.queueName));
  const queues = connection().queues();
  const [queue, poison] = [queues.getQueueClient(queueName), queues.getQueueClient(`${queueName}-poison`)];
  const stopped = new AbortController();
  let ended = Promise.resolve();
  let troubled = false;

  async function handle(message: DequeuedMessageItem): Promise<void> {
    const { messageId, popReceipt, messageText, dequeueCount } = message;
    const isReadable = BASE64.test(messageText);
    if (isReadable && dequeueCount <= ATTEMPTS) {
      const text = Buffer.from(messageText, "base64").toString();
      const { failure } = await run({ string: text }, metadataOf(text, message));
      if (failure === undefined) return void (await queue.deleteMessage(messageId, popReceipt));
      // To be seen again at once: visibilityTimeout of host.json is 0.
      if (dequeueCount < ATTEMPTS) return void (await queue.updateMessage(messageId, popReceipt, messageText, 0));
    }
    await moveTo(poison, messageText);
    await queue.deleteMessage(messageId, popReceipt);
    const why = isReadable ? `failed ${ATTEMPTS} times for` : "cannot read, since it is no base64,";
    log(`Function ${functionName} ${why} message ${messageId}: see queue ${queueName}-poison.`);
  }

  function trouble(error: unknown): void {
    // A queue that nobody has made yet is an empty one.
    if (statusOf(error) === 404 || troubled || stopped.signal.aborted) return;
    troubled = true;
    log(`Function ${functionName}: queue ${queueName} cannot be used. ${(error as Error).message.split("\n")[0]}`);
  }

  /** How many messages there were; what cannot be reached now is tried again at the next look. */
  async function look(): Promise<number> {
    try {
      const hidden = { numberOfMessages: BATCH, visibilityTimeout: HIDDEN_SECONDS };
      const { receivedMessageItems: messages } = await queue.receiveMessages(hidden);
      troubled = false;
      await Promise.all(messages.map((message) => handle(message).catch(trouble)));
      return messages.length;
    } catch (error) {
      trouble(error);
      return 0;
    }
  }

  async function poll(): Promise<void> {
    const { signal } = stopped;
    for (let wait = FIRST_LOOK_MS; !signal.aborted; ) {
      const found = await look();
      if (found > 0) {
        wait = FIRST_LOOK_MS;
        continue;
      }
      // Never cut off while it asks: a message that was just handed out would stay hidden.
      await pause(wait, undefined, { signal }).catch(() => {});
      wait = Math.min(wait * 2, LONGEST_LOOK_MS);
    }
  }

  return {
    start() {
      ended = poll();
    },
    stop() {
      stopped.abort();
      return ended;
    },
    runManually: (input = "") => void run({ string: input }),
  };
};
