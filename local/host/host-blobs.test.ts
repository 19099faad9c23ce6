// Blob functions: their input, retries, and the poison queue.
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { DefaultAzureCredential } from "@azure/identity";
import { BlobServiceClient, type ContainerClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type BlobEvents, startBlobEvents } from "../blob-events.ts";
import { loadCertificate } from "../certificate.ts";
import { start } from "./host.fixture.ts";

const credential = new DefaultAzureCredential();
const { MEDIA__blobServiceUri = "", MEDIA__queueServiceUri = "" } = process.env;
const environment = Object.fromEntries(
  ["MEDIA__queueServiceUri", "MEDIA__credential", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "NODE_EXTRA_CA_CERTS"].map(
    (name) => [name, process.env[name] ?? ""],
  ),
);
const poison = new QueueServiceClient(MEDIA__queueServiceUri, credential).getQueueClient("webjobs-blobtrigger-poison");

let events: BlobEvents;
let blobs: BlobServiceClient;
let container: ContainerClient;
let failing: ContainerClient;

beforeAll(async () => {
  const certificate = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS ?? ""));
  events = await startBlobEvents({ target: MEDIA__blobServiceUri, certificate });
  blobs = new BlobServiceClient(events.uri, credential);
});
afterAll(() => events.close());
beforeEach(async () => {
  events.decide(undefined);
  [container, failing] = [blobs.getContainerClient(randomUUID()), blobs.getContainerClient(randomUUID())];
  await Promise.all([container.create(), failing.create()]);
});

const write = (name: string, text: string, to = container) =>
  to.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
function startBlobs(settings: Record<string, string> = {}) {
  const names = { CONTAINER: container.containerName, FAILING_CONTAINER: failing.containerName };
  const env = { ...environment, MEDIA__blobServiceUri: events.uri, ...names, ...settings };
  return start("blobs", { env, blobWrites: events, retryMs: 1 });
}
const parseLines = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as { text: string });

test("a blob function receives the blob's bytes, path and URI", async () => {
  const { line } = await startBlobs();
  const name = "in/ada/a/7 ü.txt";
  await write(name, "grüße");
  expect(JSON.parse(await line(/^\{/))).toEqual({
    isBuffer: true,
    text: "grüße",
    triggerMetadata: { blobTrigger: `${container.containerName}/${name}`, uri: container.getBlobClient(name).url },
  });
});

test("a blob whose name does not match the path is delivered, and a blob of another container is not", async () => {
  const { lines, line } = await startBlobs();
  await write("other", "elsewhere", failing);
  await line(/^attempt other elsewhere$/);
  await write("other", "same container");
  await line(/^\{/);
  expect(parseLines(lines).map(({ text }) => text)).toEqual(["same container"]);
});

test("a blob written before the start of the host is not delivered", async () => {
  await write("in/a/before.txt", "before");
  const { lines, line } = await startBlobs();
  await write("in/a/after.txt", "after");
  await line(/^\{/);
  expect(parseLines(lines).map(({ text }) => text)).toEqual(["after"]);
});

test("a blob function that fails is retried until it succeeds", async () => {
  const { lines, line } = await startBlobs({ FAILURES: "4" });
  await write("fifth", "time", failing);
  await vi.waitFor(() => expect(lines.filter((each) => each === "attempt fifth time")).toHaveLength(5), 30_000);
  await line(/the blob function broke/);
});

test("a blob function that fails five times leaves a message in the poison queue", async () => {
  const { lines, line } = await startBlobs({ FAILURES: "5" });
  const { etag } = await write("never", "well", failing);
  await line(/^Function failing failed 5 times for blob .*\/never: see queue webjobs-blobtrigger-poison\.$/);
  expect(lines.filter((each) => each === "attempt never well")).toHaveLength(5);
  const { receivedMessageItems } = await poison.receiveMessages({ numberOfMessages: 32 });
  const messages = receivedMessageItems.map(({ messageText }) =>
    JSON.parse(Buffer.from(messageText, "base64").toString()),
  );
  expect(messages).toContainEqual({
    Type: "BlobTrigger",
    FunctionId: "Host.Functions.failing",
    BlobType: "BlockBlob",
    ContainerName: failing.containerName,
    BlobName: "never",
    ETag: etag,
  });
});

test("the event of a blob that was deleted meanwhile is dropped", async () => {
  const { lines, line } = await startBlobs();
  const release = Promise.withResolvers<void>();
  events.decide(() => ({ holdUntil: release.promise }));
  await write("in/a/gone.txt", "gone");
  await container.deleteBlob("in/a/gone.txt");
  release.resolve();
  await line(/^Function printing: blob .*\/in\/a\/gone\.txt no longer exists, its event is dropped\.$/);
  expect(parseLines(lines)).toEqual([]);
});

test("blob events are dropped, doubled and swapped by a rule", async () => {
  const { lines } = await startBlobs();
  const release = Promise.withResolvers<void>();
  events.decide(({ name }) => {
    if (name.includes("dropped")) return "drop";
    if (name.includes("doubled")) return "double";
    return name.includes("first") ? { holdUntil: release.promise } : "deliver";
  });
  for (const each of ["dropped", "first", "doubled", "second"]) await write(`in/a/${each}.txt`, each);
  await vi.waitFor(() => expect(parseLines(lines)).toHaveLength(3), 30_000);
  release.resolve();
  await vi.waitFor(() => expect(parseLines(lines)).toHaveLength(4), 30_000);
  const texts = parseLines(lines).map(({ text }) => text);
  expect(texts.slice(0, 3).sort()).toEqual(["doubled", "doubled", "second"]);
  expect(texts[3]).toBe("first");
});

test("each blob event goes to one of two hosts of the same app", async () => {
  const [one, two] = await Promise.all([startBlobs(), startBlobs()]);
  for (const each of ["1", "2", "3", "4"]) await write(`in/a/${each}.txt`, each);
  await vi.waitFor(() => expect([...parseLines(one.lines), ...parseLines(two.lines)]).toHaveLength(4), 30_000);
  expect([parseLines(one.lines).length, parseLines(two.lines).length]).toEqual([2, 2]);
});

test("closing the host finishes the running blob delivery", async () => {
  const { lines, close } = await startBlobs();
  await write("in/a/last.txt", "last");
  await close();
  expect(parseLines(lines)).toHaveLength(1);
});

test("POST /admin/functions/{name} runs a blob function for the path of a blob", async () => {
  events.decide(() => "drop");
  const { url, line } = await startBlobs();
  await write("in/a/hand.txt", "by hand");
  const body = JSON.stringify({ input: `${container.containerName}/in/a/hand.txt` });
  const headers = { "content-type": "application/json" };
  expect((await fetch(`${url}/admin/functions/printing`, { method: "POST", body, headers })).status).toBe(202);
  expect(JSON.parse(await line(/^\{/))).toMatchObject({ text: "by hand" });
});

test("blob functions that cannot run are logged with their name and the reason", async () => {
  const { line } = await startBlobs();
  await line(
    /^Function polling never runs: source must be "EventGrid", received undefined: Flex Consumption supports no other/,
  );
  await line(/^Function unconnected never runs: connection "NOWHERE" needs the setting NOWHERE__credential, which is/);
  await line(/^Function pathless never runs: path "\{container\}\/\{name\}" must begin with the name of a container/);
});
