// Runs functions for the messages of a storage queue: at least once, five attempts, then the poison queue. A poison queue
// has none itself: its message stays hidden after each failure, and is never read again after the fifth.
// azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Queues: QueueTriggerBinding.cs, QueueListenerFactory.cs
// (CreatePoisonQueueReference), QueueProcessor.cs (CompleteProcessingMessageAsync)
import { setTimeout as pause } from "node:timers/promises";
import type { DequeuedMessageItem, QueueClient } from "@azure/storage-queue";
import type { TypedData } from "./messages.ts";
import type { TriggerKind } from "./trigger.ts";

/** batchSize and maxDequeueCount of host.json, and how long a message is hidden while its function runs. */
const BATCH = 16;
const ATTEMPTS = 5;
const HIDDEN_SECONDS = 600;
/** Pauses between polls of an empty queue, doubled each time. The real host goes from 100 ms to a minute. */
const MIN_POLL_MS = 100;
const MAX_POLL_MS = 1000;

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
  const queue = queues.getQueueClient(queueName);
  const poison = queueName.endsWith("-poison") ? undefined : queues.getQueueClient(`${queueName}-poison`);
  const stopped = new AbortController();
  let ended = Promise.resolve();
  let isFailing = false;

  async function handle(message: DequeuedMessageItem): Promise<void> {
    const { messageId, popReceipt, messageText, dequeueCount } = message;
    const isReadable = BASE64.test(messageText);
    if (isReadable && dequeueCount <= ATTEMPTS) {
      const text = Buffer.from(messageText, "base64").toString();
      const { failure } = await run({ string: text }, metadataOf(text, message));
      if (failure === undefined) return void (await queue.deleteMessage(messageId, popReceipt));
      if (!poison)
        return log(`Function ${functionName} failed for message ${messageId} of ${queueName}: it stays hidden.`);
      // Visible again at once: visibilityTimeout of host.json is 0.
      if (dequeueCount < ATTEMPTS) return void (await queue.updateMessage(messageId, popReceipt, messageText, 0));
    }
    if (!poison) return;
    await moveTo(poison, messageText);
    await queue.deleteMessage(messageId, popReceipt);
    const problem = isReadable
      ? `failed ${ATTEMPTS} times for message ${messageId}`
      : `got message ${messageId}, which is no base64`;
    log(`Function ${functionName} ${problem}: see queue ${queueName}-poison.`);
  }

  /** Logs the first of several failures. A queue that does not exist counts as empty. */
  function reportFailure(error: unknown): void {
    if (statusOf(error) === 404 || isFailing || stopped.signal.aborted) return;
    isFailing = true;
    log(`Function ${functionName}: queue ${queueName} cannot be used. ${(error as Error).message.split("\n")[0]}`);
  }

  /** Returns the number of messages. A call that fails is retried at the next poll. */
  async function pollOnce(): Promise<number> {
    try {
      const hidden = { numberOfMessages: BATCH, visibilityTimeout: HIDDEN_SECONDS };
      const { receivedMessageItems: messages } = await queue.receiveMessages(hidden);
      isFailing = false;
      await Promise.all(messages.map((message) => handle(message).catch(reportFailure)));
      return messages.length;
    } catch (error) {
      reportFailure(error);
      return 0;
    }
  }

  async function poll(): Promise<void> {
    const { signal } = stopped;
    for (let wait = MIN_POLL_MS; !signal.aborted; ) {
      const found = await pollOnce();
      if (found > 0) {
        wait = MIN_POLL_MS;
        continue;
      }
      // Only the pause is aborted: a message received by an aborted call would stay hidden.
      await pause(wait, undefined, { signal }).catch(() => {});
      wait = Math.min(wait * 2, MAX_POLL_MS);
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
