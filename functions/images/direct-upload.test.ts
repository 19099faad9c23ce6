// Direct uploads through the boundary and against Azurite: open, send, commit.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { createMemoryTable, sendAtOnce } from "../lib/azure/memory-table.fixture.ts";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import {
  commitRoute,
  deps,
  intake,
  type Opened,
  openDirectUploads,
  png,
  staged,
  unoptimized,
} from "./direct-upload.fixture.ts";
import { newOwner, storedBy } from "./intake.fixture.ts";
import { testImage } from "./test-images.fixture.ts";
import { createUploadRows } from "./upload-rows.ts";

const HOUR = 3_600_000;
let owner: string;
beforeEach(() => {
  owner = newOwner();
});
const { commit, isStaged, open, requestOpen, send } = openDirectUploads(() => owner);

describe("a direct upload", () => {
  it("stores what was sent through the link as an image, once, and removes the upload", async () => {
    const opened = await open();
    expect(opened).toMatchObject({
      method: "PUT",
      headers: { "x-ms-blob-type": "BlockBlob", "Content-Type": "image/png" },
    });
    const sent = await send(opened);
    expect(sent.status, await sent.text()).toBe(201);
    const first = await commit(opened.id);
    expect(first.status, first.text).toBe(201);
    const image = JSON.parse(first.text);
    expect(image).toMatchObject({ contentType: "image/png", status: "pending", filename: "Zoë.png" });
    expect(first.headers.get("location")).toBe(`/api/v1/images/${image.id}`);
    expect(await isStaged(opened)).toBe(false);
    // Now the name is free again, but the upload has its image.
    await send(opened, await testImage("jpeg"));
    const second = await commit(opened.id.toUpperCase());
    expect(second.status, second.text).toBe(200);
    expect(JSON.parse(second.text)).toEqual(image);
    expect((await storedBy(owner)).blobs).toEqual([`${owner}/${image.id}/Zoë.png`]);
  });

  it("returns one image to commits at the same time, and to one after a lost response", async () => {
    const opened = await open();
    await send(opened);
    const responses = await Promise.all([commit(opened.id), commit(opened.id), commit(opened.id)]);
    for (const { status, text } of responses) expect([200, 201], text).toContain(status);
    const ids = new Set(responses.map(({ text }) => JSON.parse(text).id));
    expect(ids.size).toBe(1);
    expect(JSON.parse((await commit(opened.id)).text).id).toBe([...ids][0]);
  });

  it("returns its image to a second commit whose reads are from before the first", async () => {
    const time = { now: 0, staleReads: 0 };
    const lag = () => (time.staleReads-- > 0 ? HOUR : 0);
    const table = createMemoryTable({ now: () => time.now, lag }).connect(sendAtOnce);
    const lagging = { ...deps, uploads: createUploadRows(table) };
    const opened: Opened = JSON.parse((await requestOpen({}, lagging)).text);
    await send(opened);
    time.now += 2 * HOUR;
    const first = await commit(opened.id, owner, lagging);
    expect(first.status, first.text).toBe(201);
    // Both reads of a commit that finds no blob.
    time.staleReads = 2;
    const second = await commit(opened.id, owner, lagging);
    expect(second.status, second.text).toBe(200);
    expect(JSON.parse(second.text)).toEqual(JSON.parse(first.text));
    expect(time.staleReads).toBeLessThan(0);
  });

  it("stores one image, with the options of the first commit, when a second has others meanwhile", async () => {
    const opened = await open();
    await send(opened);
    const call = { method: "POST", headers: { authorization: `Bearer ${owner}` }, params: { id: opened.id } };
    const second: number[] = [];
    const meanwhile: typeof intake = {
      ...intake,
      async accept(upload) {
        second.push((await invoke(commitRoute, deps, unoptimized(call))).status);
        return intake.accept(upload);
      },
    };
    const first = await invoke(commitRoute, { ...deps, intake: meanwhile }, call);
    expect([first.status, second]).toEqual([200, [201]]);
    expect(JSON.parse(first.text)).toMatchObject({ metadata: "removed" });
    expect((await storedBy(owner)).records).toContain(JSON.parse(first.text).id);
    expect((await storedBy(owner)).blobs).toHaveLength(1);
  });

  it("removes what is larger than announced, and what is no block blob, without reading it", async () => {
    const reads: string[] = [];
    const unread = {
      ...deps,
      staged: {
        ...staged,
        async readUnchanged(name: string): Promise<undefined> {
          reads.push(name);
        },
      },
    };
    const commitUnread = (id: string) =>
      invoke(commitRoute, unread, { method: "POST", headers: { authorization: `Bearer ${owner}` }, params: { id } });
    const large = await open({ size: png.byteLength - 1 });
    await send(large);
    expect((await commitUnread(large.id)).error()).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    const append = await open();
    const created = await send(append, new Uint8Array(), { "x-ms-blob-type": "AppendBlob" });
    expect(created.status).toBe(201);
    expect((await commitUnread(append.id)).error()).toMatchObject({ code: "UNPROCESSABLE_IMAGE" });
    expect([await isStaged(large), await isStaged(append), reads]).toEqual([false, false, []]);
  });

  it("removes a rejected file, and accepts another one through the same link, with other options", async () => {
    const opened = await open();
    await send(opened, Buffer.from("<svg/>"));
    expect((await commit(opened.id)).error().code).toBe("UNSUPPORTED_MEDIA_TYPE");
    expect((await storedBy(owner)).blobs).toEqual([]);
    expect((await commit(opened.id)).error().code).toBe("CONFLICT");
    expect((await send(opened)).status).toBe(201);
    const call = { method: "POST", headers: { authorization: `Bearer ${owner}` }, params: { id: opened.id } };
    const { status, text } = await invoke(commitRoute, deps, unoptimized(call));
    expect(status, text).toBe(201);
    expect(JSON.parse(text)).toMatchObject({ metadata: "kept" });
  });

  it("keeps the upload when the service is busy", async () => {
    const opened = await open();
    await send(opened);
    const busy = { ...intake, accept: () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "busy")) };
    const call = { method: "POST", headers: { authorization: `Bearer ${owner}` }, params: { id: opened.id } };
    expect((await invoke(commitRoute, { ...deps, intake: busy }, call)).status).toBe(503);
    const { status, text } = await commit(opened.id);
    expect(status, text).toBe(201);
  });

  it("returns the same 404 for an upload of another owner and for an unknown one", async () => {
    const opened = await open();
    await send(opened);
    expect((await commit(opened.id, newOwner())).error().code).toBe("NOT_FOUND");
    expect((await commit(randomUUID())).error().code).toBe("NOT_FOUND");
    expect(await isStaged(opened)).toBe(true);
  });

  it("rejects a size above the limit, and the 21st open upload of an owner", async () => {
    expect((await requestOpen({ size: intake.maxBytes + 1 })).error().code).toBe("PAYLOAD_TOO_LARGE");
    const all: Opened[] = [];
    for (let count = 0; count < 20; count++) all.push(await open());
    expect((await requestOpen()).error().code).toBe("CONFLICT");
    const [first] = all;
    if (!first) throw new Error("No upload was opened.");
    await send(first);
    await commit(first.id);
    expect((await requestOpen()).status).toBe(201);
    expect((await requestOpen()).error().code).toBe("CONFLICT");
  });

  it("opens for an owner whose id has an apostrophe", async () => {
    owner = `${newOwner()}'s`;
    await open();
  });
});
