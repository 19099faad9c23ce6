// The functions that no request starts, called as the host calls them: by their registration, with its metadata.
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
import { triggers } from "./triggers.ts";

const deps: Deps = Object.assign(createDeps(readSettings()), { api: describeApi(routes, ROUTE_PREFIX) });
let image: ImageRecord;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  lines = [];
  image = await deps.intake.accept({ owner: `test-${randomUUID()}`, filename: "a.png", bytes: await testImage("png") });
});

function call(name: TriggerName, input: unknown, triggerMetadata: InvocationContext["triggerMetadata"] = {}) {
  const context = new InvocationContext({
    functionName: name,
    triggerMetadata,
    logHandler: (level, line) => lines.push({ ...JSON.parse(line as string), loggedAt: level }),
  });
  return triggers.find((trigger) => trigger.name === name)?.handler(input, context, deps);
}
const found = () => deps.images.find(image.owner, image.id);
const blobName = () => `${image.owner}/${image.id}/${image.filename}`;
/** As the host tells which blob it was, container and all. */
const written = (name: string) => ({ blobTrigger: `images/${name}` });
const poison = () => ({
  Type: "BlobTrigger",
  FunctionId: "Host.Functions.thumbnail",
  BlobType: "BlockBlob",
  ContainerName: "images",
  BlobName: blobName(),
  ETag: '"0x1"',
});

describe("the triggers", () => {
  it("are those that the code names, each once", () => {
    expect(triggers.map(({ name }) => name).sort()).toEqual([...triggerNames].sort());
  });

  it("watch the originals and never what the thumbnailer writes", () => {
    expect(triggers.flatMap((trigger) => (trigger.kind === "blob" ? trigger.path : []))).toEqual(["images/{name}"]);
  });
});

describe("an original that was written", () => {
  it("gets its thumbnail by the names in its path", async () => {
    await call("thumbnail", Buffer.alloc(0), written(blobName()));
    expect(await found()).toMatchObject({ status: "ready" });
    expect(lines).toMatchObject([{ message: "thumbnail", image: image.id, outcome: "created" }]);
  });

  it("is found by its whole path, whatever its parts would be as JSON", async () => {
    await call("thumbnail", Buffer.alloc(0), { ...written(blobName()), owner: 1, imageId: {}, filename: null });
    expect(await found()).toMatchObject({ status: "ready" });
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
  ])("by other tools, where no image has its place, is no error: %j", async (blobTrigger) => {
    await call("thumbnail", Buffer.alloc(0), { blobTrigger });
    expect(lines).toHaveLength(1);
    expect(lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("an original that was given up", () => {
  it("has failed, and says what to do", async () => {
    await call("thumbnail-poison", poison());
    expect(await found()).toMatchObject({ status: "failed", reason: expect.stringContaining(" again") });
    expect(lines).toMatchObject([{ message: "thumbnail-given-up", level: "error", image: image.id }]);
  });

  it("is made after all when its event comes again", async () => {
    await call("thumbnail-poison", poison());
    await call("thumbnail", Buffer.alloc(0), written(blobName()));
    expect(await found()).toMatchObject({ status: "ready" });
    expect(await found()).not.toHaveProperty("reason");
  });

  it("stays ready when its thumbnail stands", async () => {
    await deps.thumbnailer.create(image.owner, image.id, consoleLog);
    const ready = await found();
    await call("thumbnail-poison", poison());
    expect(await found()).toEqual(ready);
  });

  it("keeps the reason that it has failed with", async () => {
    await deps.images.change(image.owner, image.id, () => ({ status: "failed", reason: "Broken.", sourceEtag: "1" }));
    await call("thumbnail-poison", poison());
    expect(await found()).toMatchObject({ reason: "Broken." });
  });

  it("and is gone is no error", async () => {
    await deps.images.remove(image.owner, image.id);
    await call("thumbnail-poison", poison());
    expect(await found()).toBeUndefined();
  });

  it.each([
    ["text", "not JSON"],
    ["nothing", undefined],
    ["another shape", { Type: "BlobTrigger" }],
    ["a name of another form", { ContainerName: "images", BlobName: "x" }],
    ["a name that is no text", { ContainerName: "images", BlobName: 5 }],
  ])("in a message that cannot be read is logged and changes nothing: %s", async (_, message) => {
    await call("thumbnail-poison", message);
    expect(lines).toMatchObject([{ message: "poison-unreadable", level: "warn" }]);
    expect((await found())?.status).toBe("pending");
  });
});

it("the clean-up of limits removes windows that are over, and says how many", async () => {
  const rowKey = "1990-01-01T00:00:00.000Z";
  await deps.limitsTable.createEntity({ partitionKey: randomUUID(), rowKey, points: 1 });
  await call("limits-clean-up", undefined);
  expect(lines).toMatchObject([{ message: "limits-cleaned-up", removed: expect.any(Number) }]);
  const left = await deps.limitsTable.listEntities({ queryOptions: { filter: `RowKey eq '${rowKey}'` } }).next();
  expect(left.done).toBe(true);
});
