// Runs functions for blob events: at least once, five attempts, then a message in the poison queue.
// azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Blobs: BlobQueueTriggerExecutor.cs
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { BlobDownloadResponseParsed } from "@azure/storage-blob";
import { createDeliveries } from "./deliveries.ts";
import type { BlobWrite, TriggerKind } from "./trigger.ts";

/** poisonBlobThreshold of host.json. */
const ATTEMPTS = 5;
const POISON_QUEUE = "webjobs-blobtrigger-poison";

const isNotFound = (error: unknown) => error instanceof Error && "statusCode" in error && error.statusCode === 404;

export const blobTrigger: TriggerKind = ({ functionName, binding, run, setting, connection, blobWrites, ...rest }) => {
  const { log, blobParallelism, retryMs } = rest;
  if (String(binding.source).toLowerCase() !== "eventgrid") {
    throw new Error(
      `source must be "EventGrid", received ${JSON.stringify(binding.source)}: Flex Consumption supports no other. ` +
        "Write app.storageBlob(name, { source: 'EventGrid', ... }).",
    );
  }
  // The names of the pattern and the blob's properties are not in the metadata here: the app reads only BlobTrigger.
  const [watched = ""] = setting(String(binding.path)).split("/");
  if (!/^[a-z0-9$-]+$/i.test(watched))
    throw new Error(`path "${binding.path}" must begin with the name of a container`);
  const account = connection();
  const [blobs, queues] = [account.blobs(), account.queues()];
  const nameOf = ({ container, name }: BlobWrite) => `${container}/${name}`;

  async function execute(write: BlobWrite, found: BlobDownloadResponseParsed): Promise<boolean> {
    const file = join(tmpdir(), `vitae-blob-${randomUUID()}`);
    const uri = blobs.getContainerClient(write.container).getBlobClient(write.name).url;
    try {
      if (!found.readableStreamBody) throw new Error("The download has no content.");
      await pipeline(found.readableStreamBody, createWriteStream(file, { mode: 0o600 }));
      const metadata = { BlobTrigger: { string: nameOf(write) }, Uri: { json: JSON.stringify(uri) } };
      const outcome = await run({ bytesFile: file }, metadata);
      return outcome.failure === undefined;
    } finally {
      await rm(file, { force: true });
    }
  }

  /** Reads the current blob, whichever write the event is for: with Event Grid the host does not compare ETags. */
  async function deliver(write: BlobWrite): Promise<boolean> {
    const blob = blobs.getContainerClient(write.container).getBlobClient(write.name);
    const found = await blob.download().catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (found) return execute(write, found);
    log(`Function ${functionName}: blob ${nameOf(write)} no longer exists, its event is dropped.`);
    return true;
  }

  async function poison({ container, name, etag, type }: BlobWrite): Promise<void> {
    const FunctionId = `Host.Functions.${functionName}`;
    const message = { Type: "BlobTrigger", FunctionId, BlobType: type, ContainerName: container, BlobName: name };
    const queue = queues.getQueueClient(POISON_QUEUE);
    await queue.createIfNotExists();
    await queue.sendMessage(Buffer.from(JSON.stringify({ ...message, ETag: etag })).toString("base64"));
    log(`Function ${functionName} failed ${ATTEMPTS} times for blob ${container}/${name}: see queue ${POISON_QUEUE}.`);
  }

  const deliveries = createDeliveries<BlobWrite>({
    concurrency: blobParallelism,
    attempts: ATTEMPTS,
    pauseMs: retryMs,
    deliver,
    giveUp: poison,
    onError: (write, { message }) => log(`Function ${functionName}: blob ${nameOf(write)}: ${message}`),
  });
  let unsubscribe = () => {};

  return {
    start() {
      if (!blobWrites) return log(`Function ${functionName} never runs: this host has no source of blob events.`);
      // As in Azure, the subscription filters by container and not by the pattern.
      const isWatched = ({ container }: BlobWrite) => container.toLowerCase() === watched.toLowerCase();
      unsubscribe = blobWrites.subscribe(functionName, (write) => isWatched(write) && deliveries.add(write));
    },
    async stop() {
      unsubscribe();
      const lost = await deliveries.stop();
      if (lost > 0) log(`Function ${functionName}: ${lost} events waited for a retry and are lost.`);
    },
    runManually(input = "") {
      const [container = "", ...name] = input.split("/");
      deliveries.add({ container, name: name.join("/"), etag: "", type: "BlockBlob" });
    },
  };
};
