// Which calls of the real SDK raise a blob event.
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { DefaultAzureCredential } from "@azure/identity";
import {
  BlobSASPermissions,
  BlobServiceClient,
  BlockBlobClient,
  type ContainerClient,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type BlobEvents, startBlobEvents } from "./blob-events.ts";
import { loadCertificate } from "./certificate.ts";
import type { BlobWrite } from "./host/trigger.ts";

let events: BlobEvents;
let service: BlobServiceClient;
let container: ContainerClient;
let writes: BlobWrite[];

beforeAll(async () => {
  const { MEDIA__blobServiceUri = "", NODE_EXTRA_CA_CERTS = "" } = process.env;
  const certificate = await loadCertificate(dirname(NODE_EXTRA_CA_CERTS));
  events = await startBlobEvents({ target: MEDIA__blobServiceUri, certificate });
  service = new BlobServiceClient(events.uri, new DefaultAzureCredential());
  events.subscribe("the test", (write) => writes.push(write));
});
afterAll(() => events.close());
beforeEach(async () => {
  events.decide(undefined);
  container = service.getContainerClient(randomUUID());
  await container.create();
  writes = [];
});
const names = () => writes.map(({ name }) => name);

async function createLink(name: string, permissionLetters: string): Promise<string> {
  const [startsOn, expiresOn] = [new Date(Date.now() - 60_000), new Date(Date.now() + 60_000)];
  const key = await service.getUserDelegationKey(startsOn, expiresOn);
  const permissions = BlobSASPermissions.parse(permissionLetters);
  const { containerName } = container;
  const query = generateBlobSASQueryParameters(
    { containerName, blobName: name, permissions, startsOn, expiresOn },
    key,
    service.accountName,
  );
  return `${container.getBlobClient(name).url}?${query}`;
}

test("an upload raises an event with its container, name, type and ETag", async () => {
  const { etag } = await container.getBlockBlobClient("a b/ü%2F.txt").upload("text", 4);
  expect(writes).toEqual([{ container: container.containerName, name: "a b/ü%2F.txt", type: "BlockBlob", etag }]);
});

test("blocks raise an event when they are committed, not before", async () => {
  const blob = container.getBlockBlobClient("blocks");
  const id = Buffer.from("1").toString("base64");
  await blob.stageBlock(id, "text", 4);
  expect(writes).toEqual([]);
  await blob.commitBlockList([id]);
  expect(names()).toEqual(["blocks"]);
});

test("a write by a link and a copy raise an event each", async () => {
  await new BlockBlobClient(await createLink("linked", "cw")).upload("text", 4);
  await container.getBlockBlobClient("copied").syncCopyFromURL(await createLink("linked", "r"));
  expect(names()).toEqual(["linked", "copied"]);
});

test("an append blob raises an event when it is created", async () => {
  await container.getAppendBlobClient("log").create();
  await container.getAppendBlobClient("log").appendBlock("text", 4);
  expect(writes.map(({ type }) => type)).toEqual(["AppendBlob"]);
});

test("metadata, properties, tags, reads, deletions, containers and rejected writes raise no event", async () => {
  const blob = container.getBlockBlobClient("quiet");
  await blob.upload("text", 4);
  writes = [];
  await blob.setMetadata({ a: "1" });
  await blob.setHTTPHeaders({ blobContentType: "text/plain" });
  await blob.setTags({ a: "1" });
  await blob.download();
  const again = blob.upload("text", 4, { conditions: { ifNoneMatch: "*" } });
  await expect(again).rejects.toMatchObject({ statusCode: 409 });
  await blob.delete();
  await service.createContainer(randomUUID());
  expect(writes).toEqual([]);
});

test("fifty concurrent uploads of one mebibyte are stored unchanged, and each raises an event", async () => {
  const bytes = Buffer.alloc(1024 * 1024, "abcdefgh");
  const uploads = Array.from({ length: 50 }, (_, index) =>
    container.getBlockBlobClient(`large-${index}`).upload(bytes, bytes.length),
  );
  await Promise.all(uploads);
  expect(new Set(names()).size).toBe(50);
  expect((await container.getBlobClient("large-49").downloadToBuffer()).equals(bytes)).toBe(true);
  await container.delete();
});

test("an ended subscription receives no more events, and held events arrive when they are released", async () => {
  const received: string[] = [];
  const end = events.subscribe("another", ({ name }) => received.push(name));
  const release = Promise.withResolvers<void>();
  events.decide(({ name }) => (name === "held" ? { holdUntil: release.promise } : undefined));
  await container.getBlockBlobClient("held").upload("text", 4);
  await container.getBlockBlobClient("next").upload("text", 4);
  expect(received).toEqual(["next"]);
  release.resolve();
  await expect.poll(() => received).toEqual(["next", "held"]);
  end();
  await container.getBlockBlobClient("later").upload("text", 4);
  expect(received).toEqual(["next", "held"]);
});
