// Direct uploads through the boundary and against Azurite: open, send, commit, and what the timer removes.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { createBlobService } from "../lib/azure/blob-service.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createDelegationKeys } from "../lib/azure/delegation-keys.ts";
import { createLinkSigner } from "../lib/azure/link-signer.ts";
import { createMemoryTable, sendAtOnce } from "../lib/azure/memory-table.fixture.ts";
import { AppError } from "../lib/errors.ts";
import { type Call, invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { consoleLog } from "../lib/log.ts";
import { containers } from "../lib/names.ts";
import { blobsUri } from "../lib/test-services.fixture.ts";
import { createIssueUploadLink } from "../sas/issue-upload-link.ts";
import { newOwner, openContainer, openIntake, openTable, storedBy } from "./intake.fixture.ts";
import { testImage } from "./test-images.fixture.ts";
import { createUploadGate } from "./upload.ts";
import { commitUpload } from "./upload-commit.ts";
import { createUploadLink } from "./upload-link.ts";
import { createUploadRows } from "./upload-rows.ts";
import { cleanUpUploads } from "./uploads-clean-up.ts";

const service = createBlobService(blobsUri, createCredential(undefined));
const { intake, records: images } = openIntake();
const staged = openContainer(containers.uploads);
const uploads = createUploadRows(openTable());
const deps = {
  async authenticate(authorization: string | null) {
    if (authorization === null) throw new AppError("UNAUTHENTICATED", "No token.");
    return { subject: authorization.slice("Bearer ".length), role: "editor" as const };
  },
  ...{ intake, images, staged, uploads },
  uploadGate: createUploadGate(),
  issueUploadLink: createIssueUploadLink({
    keys: createDelegationKeys({ service }),
    sign: createLinkSigner(service, undefined),
  }),
};
const route = routesFor<typeof deps>();
const openRoute = route("upload-link", "POST", "/v1/uploads", "images:write", "none", createUploadLink);
const commitRoute = route(
  "upload-commit",
  "POST",
  "/v1/uploads/{id:guid}/commit",
  "images:write",
  "none",
  commitUpload,
);
const png = await testImage("png");
const HOUR = 3_600_000;
let owner: string;
beforeEach(() => {
  owner = newOwner();
});

type Opened = { id: string; url: string; method: string; headers: Record<string, string>; expiresAt: string };
const requestOpen = (body: object = {}, routeDeps = deps) =>
  invoke(openRoute, routeDeps, {
    method: "POST",
    headers: { authorization: `Bearer ${owner}`, "content-type": "application/json" },
    body: JSON.stringify({ filename: "Zoë.png", contentType: "image/png", size: png.byteLength, ...body }),
  });
async function open(body?: object): Promise<Opened> {
  const { status, text } = await requestOpen(body);
  expect(status, text).toBe(201);
  return JSON.parse(text);
}
const send = ({ url, method, headers }: Opened, body: Uint8Array = png, more: Record<string, string> = {}) =>
  fetch(url, { method, headers: { ...headers, ...more }, body: new Uint8Array(body) });
const commit = (id: string, subject = owner, routeDeps = deps) =>
  invoke(commitRoute, routeDeps, { method: "POST", headers: { authorization: `Bearer ${subject}` }, params: { id } });
const unoptimized = (call: Call): Call => ({ ...call, url: "http://localhost/api/x?optimize=false" });
const isStaged = async ({ id }: { id: string }) => (await staged.etag(`${owner}/${id}`)) !== undefined;
/** The timer, for the uploads of this test: others share the table. */
function cleanUp(now: number) {
  const own = {
    ...uploads,
    async *ended(at: number) {
      for await (const page of uploads.ended(at)) yield page.filter((upload) => upload.owner === owner);
    },
  };
  return cleanUpUploads({ uploads: own, staged }, { log: consoleLog, runMs: 60_000, now });
}

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

describe("uploads-clean-up", () => {
  it("removes an upload after an hour, with what was sent and its snapshots, and keeps younger ones and images", async () => {
    const [committed, sent, empty] = [await open(), await open(), await open()];
    await send(committed);
    const { id } = JSON.parse((await commit(committed.id)).text);
    await send(sent);
    const snapshot = await fetch(`${sent.url}&comp=snapshot`, { method: "PUT" });
    expect(snapshot.status).toBe(201);
    await cleanUp(Date.now());
    expect(await isStaged(sent)).toBe(true);
    expect(JSON.parse((await commit(committed.id)).text).id).toBe(id);
    await cleanUp(Date.now() + HOUR + 1_000);
    expect(await isStaged(sent)).toBe(false);
    for (const each of [committed, sent, empty]) expect(await uploads.find(owner, each.id)).toBeUndefined();
    expect(await images.find(owner, id)).toMatchObject({ id });
  });
});
