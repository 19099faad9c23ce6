// Blob, queue and timer triggers, called like the host does: by their registration, with its metadata.
import { randomUUID } from "node:crypto";
import { InvocationContext } from "@azure/functions";
import { beforeEach, describe, expect, it } from "vitest";
import { createDeps, type Deps } from "./deps.ts";
import { testImage } from "./images/test-images.fixture.ts";
import { describeApi } from "./lib/http/route-table.ts";
import type { ImageRecord } from "./lib/image.ts";
import { consoleLog } from "./lib/log.ts";
import { ROUTE_PREFIX, type TriggerName, triggerNames } from "./lib/names.ts";
import { readSettings } from "./lib/settings.ts";
import { routes } from "./routes.ts";
import { onPoison } from "./thumbnail/thumbnail.ts";
import { triggers } from "./triggers.ts";

const deps: Deps = Object.assign(createDeps(readSettings()), { api: describeApi(routes, ROUTE_PREFIX) });
let image: ImageRecord;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  lines = [];
  ({ record: image } = await deps.intake.accept({
    owner: `test-${randomUUID()}`,
    filename: "a.png",
    bytes: await testImage("png"),
  }));
});

function call(name: TriggerName, input: unknown, triggerMetadata: InvocationContext["triggerMetadata"] = {}) {
  const context = new InvocationContext({
    functionName: name,
    triggerMetadata,
    logHandler: (level, line) => lines.push({ ...JSON.parse(line as string), loggedAt: level }),
  });
  return triggers.find((trigger) => trigger.name === name)?.handler(input, context, deps);
}
const findRecord = () => deps.images.find(image.owner, image.id);
const blobName = () => `${image.owner}/${image.id}/${image.filename}`;
/** The trigger metadata of a blob. */
const metadataOf = (name: string) => ({ blobTrigger: `images/${name}` });
const poison = () => ({
  Type: "BlobTrigger",
  FunctionId: "Host.Functions.thumbnail",
  BlobType: "BlockBlob",
  ContainerName: "images",
  BlobName: blobName(),
  ETag: '"0x1"',
});

describe("triggers", () => {
  it("every name in triggerNames is registered once", () => {
    expect(triggers.map(({ name }) => name).sort()).toEqual([...triggerNames].sort());
  });

  it("the only blob trigger watches the originals", () => {
    expect(triggers.flatMap((trigger) => (trigger.kind === "blob" ? trigger.path : []))).toEqual(["images/{name}"]);
  });
});

describe("thumbnail", () => {
  it("creates the thumbnail of the image in the blob path", async () => {
    await call("thumbnail", Buffer.alloc(0), metadataOf(blobName()));
    expect(await findRecord()).toMatchObject({ status: "ready" });
    expect(lines).toMatchObject([{ message: "thumbnail", image: image.id, outcome: "created" }]);
  });

  it("uses the blob path, not the parts that the host parses as JSON", async () => {
    await call("thumbnail", Buffer.alloc(0), { ...metadataOf(blobName()), owner: 1, imageId: {}, filename: null });
    expect(await findRecord()).toMatchObject({ status: "ready" });
  });

  it.each([
    "images",
    "images/x",
    "images//x/y",
    "images/someone/x/y/z",
    "other/someone/x/y",
    undefined,
    "images/someone/zzzzzzzz-zzzz-7zzz-8zzz-zzzzzzzzzzzz/x",
    "images/'#?/../x",
  ])("logs no error for the foreign blob %j", async (blobTrigger) => {
    await call("thumbnail", Buffer.alloc(0), { blobTrigger });
    expect(lines).toHaveLength(1);
    expect(lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("thumbnail-poison", () => {
  it("sets the image to failed with a reason", async () => {
    await call("thumbnail-poison", poison());
    const failed = { status: "failed", reason: expect.stringContaining(" again"), retryAt: expect.any(String) };
    expect(await findRecord()).toMatchObject(failed);
    expect(lines).toMatchObject([{ message: "thumbnail-postponed", level: "warn", image: image.id }]);
  });

  it("lets a later event create the thumbnail", async () => {
    await call("thumbnail-poison", poison());
    await call("thumbnail", Buffer.alloc(0), metadataOf(blobName()));
    expect(await findRecord()).toMatchObject({ status: "ready" });
    expect(await findRecord()).not.toHaveProperty("reason");
  });

  it("keeps a ready image ready", async () => {
    await deps.thumbnailer.create(image.owner, image.id, consoleLog);
    const ready = await findRecord();
    await call("thumbnail-poison", poison());
    expect(await findRecord()).toEqual(ready);
  });

  it("keeps the reason of a failed image", async () => {
    await deps.images.change(image.owner, image.id, () => ({ status: "failed", reason: "Broken.", sourceEtag: "1" }));
    await call("thumbnail-poison", poison());
    expect(await findRecord()).toMatchObject({ reason: "Broken." });
  });

  it("succeeds when the table fails, so that no message is left in the queue", async () => {
    const change = () => Promise.reject(new Error("the table is down"));
    const context = new InvocationContext({ logHandler: (_, line) => lines.push(JSON.parse(line as string)) });
    await onPoison(poison(), context, { images: { change } });
    expect(lines).toMatchObject([{ message: "thumbnail-postponed", error: { message: "the table is down" } }]);
    expect((await findRecord())?.status).toBe("pending");
  });

  it("ignores an image that does not exist", async () => {
    await deps.images.remove(image.owner, image.id, "*");
    await call("thumbnail-poison", poison());
    expect(await findRecord()).toBeUndefined();
  });

  it.each([
    ["text", "not JSON"],
    ["no message", undefined],
    ["other fields", { Type: "BlobTrigger" }],
    ["a blob name without slashes", { ContainerName: "images", BlobName: "x" }],
    ["a blob name that is a number", { ContainerName: "images", BlobName: 5 }],
  ])("logs an unreadable message and changes nothing: %s", async (_, message) => {
    await call("thumbnail-poison", message);
    expect(lines).toMatchObject([{ message: "poison-unreadable", level: "warn" }]);
    expect((await findRecord())?.status).toBe("pending");
  });
});

it("limits-clean-up removes expired windows and logs their number", async () => {
  const rowKey = "1990-01-01T00:00:00.000Z";
  await deps.limitsTable.createEntity({ partitionKey: randomUUID(), rowKey, points: 1 });
  await call("limits-clean-up", undefined);
  expect(lines).toMatchObject([{ message: "limits-cleaned-up", removed: expect.any(Number) }]);
  const next = await deps.limitsTable.listEntities({ queryOptions: { filter: `RowKey eq '${rowKey}'` } }).next();
  expect(next.done).toBe(true);
});

describe("image-reconcile", () => {
  it("looks at unfinished images also when the rows of public images cannot be read", async () => {
    const list = () => {
      throw new Error("a row is malformed");
    };
    const context = new InvocationContext({ logHandler: (_, line) => lines.push(JSON.parse(line as string)) });
    const broken: Deps = Object.create(deps, {
      galleryRows: { value: { list } },
      images: { value: { async *unfinished() {} } },
    });
    const timer = triggers.find(({ name }) => name === "image-reconcile");
    await expect(timer?.handler({}, context, broken)).rejects.toThrow("a row is malformed");
    expect(lines).toMatchObject([{ message: "images-reconciled", unfinished: 0 }]);
  });
});
