// Each fault with the real table SDK and Azurite.
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { TableClient } from "@azure/data-tables";
import { DefaultAzureCredential } from "@azure/identity";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { loadCertificate } from "./certificate.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "./fault-proxy.fixture.ts";

const credential = new DefaultAzureCredential();
const name = `faults${randomUUID().replaceAll("-", "")}`;
let proxy: FaultProxy;
let proxied: TableClient;
let direct: TableClient;

beforeAll(async () => {
  const { TABLES_ENDPOINT = "", NODE_EXTRA_CA_CERTS = "" } = process.env;
  const certificate = await loadCertificate(dirname(NODE_EXTRA_CA_CERTS));
  proxy = await startFaultProxy({ target: TABLES_ENDPOINT, certificate });
  proxied = new TableClient(proxy.url, name, credential, { retryOptions: { maxRetries: 0 } });
  direct = new TableClient(TABLES_ENDPOINT, name, credential);
  await direct.createTable();
});
afterEach(() => {
  proxy.decide(undefined);
  proxy.lag(0);
});
afterAll(async () => {
  await direct.deleteTable();
  await proxy.close();
});

const entity = (rowKey: string) => ({ partitionKey: "p", rowKey, count: 1n });
const isStored = (rowKey: string) =>
  direct.getEntity("p", rowKey).then(
    () => true,
    () => false,
  );
const onWrites = (fault: Fault) => proxy.decide(({ method }) => (method === "POST" ? fault : undefined));

test("the fault proxy without a rule forwards and counts every call, and keeps the store's response", async () => {
  const before = proxy.callsByMethod();
  const created = await proxied.createEntity(entity("plain"));
  const read = await proxied.getEntity<{ count: bigint }>("p", "plain");
  expect(read.etag).toBe(created.etag);
  expect(read.count).toBe(1n);
  await proxied.updateEntity({ ...entity("plain"), count: 2n }, "Replace", { etag: read.etag });
  await expect(proxied.updateEntity(entity("plain"), "Replace", { etag: read.etag })).rejects.toMatchObject({
    statusCode: 412,
  });
  const after = proxy.callsByMethod();
  expect([after.POST, after.GET, after.PUT]).toEqual([
    (before.POST ?? 0) + 1,
    (before.GET ?? 0) + 1,
    (before.PUT ?? 0) + 2,
  ]);
});

test("a rule receives the method, the path, the headers and the ordinal", async () => {
  const seen: [string, string, boolean, number][] = [];
  const first = proxy.calls() + 1;
  proxy.decide(({ method, url, headers, ordinal }) => {
    seen.push([method, url.split("?")[0] ?? "", headers.authorization?.startsWith("Bearer ") ?? false, ordinal]);
    return undefined;
  });
  await proxied.createEntity(entity("seen"));
  expect(seen).toEqual([["POST", `/devstoreaccount1/${name}`, true, first]]);
});

test("drop and reset-before fail the call, and the store stores nothing", async () => {
  for (const kind of ["drop", "reset-before"] as const) {
    onWrites({ kind });
    await expect(proxied.createEntity(entity(kind))).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await isStored(kind)).toBe(false);
  }
});

test("reset-after fails the call after the store has applied it", async () => {
  onWrites({ kind: "reset-after" });
  await expect(proxied.createEntity(entity("reset-after"))).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(await isStored("reset-after")).toBe(true);
});

test("status responds with the status and Retry-After, and the store stores nothing", async () => {
  onWrites({ kind: "status", status: 429, retryAfter: 7 });
  const error = await proxied.createEntity(entity("status")).catch((error) => error);
  expect(error.statusCode).toBe(429);
  expect(error.response.headers.get("retry-after")).toBe("7");
  expect(await isStored("status")).toBe(false);
});

test("delay forwards the call later", async () => {
  onWrites({ kind: "delay", ms: 20 });
  await proxied.createEntity(entity("delay"));
  expect(await isStored("delay")).toBe(true);
});

test("swallow applies the call and sends no response", async () => {
  onWrites({ kind: "swallow" });
  const giveUp = new AbortController();
  const call = proxied.createEntity(entity("swallow"), { abortSignal: giveUp.signal });
  await expect.poll(() => isStored("swallow")).toBe(true);
  giveUp.abort();
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
});

test("hold forwards the call when the promise settles, although the client has disconnected", async () => {
  const release = Promise.withResolvers<void>();
  onWrites({ kind: "hold", until: release.promise });
  const giveUp = new AbortController();
  const call = proxied.createEntity(entity("hold"), { abortSignal: giveUp.signal });
  await expect.poll(() => proxy.held()).toBe(1);
  giveUp.abort();
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
  expect(await isStored("hold")).toBe(false);
  release.resolve();
  await expect.poll(() => isStored("hold")).toBe(true);
});

test("lag returns no row that was just created, later the first version, and the current one in the end", async () => {
  // Longer than two calls take on a busy machine.
  proxy.lag(2_000);
  const read = () =>
    proxied.getEntity<{ count: bigint }>("p", "it's lagging").then(
      ({ count }) => count,
      (error) => error.statusCode,
    );
  const waitFor = (expected: unknown) => expect.poll(read, { timeout: 30_000 }).toBe(expected);
  await proxied.createEntity(entity("it's lagging"));
  expect(await read()).toBe(404);
  await waitFor(1n);
  await proxied.updateEntity({ ...entity("it's lagging"), count: 2n }, "Replace", { etag: "*" });
  expect(await read()).toBe(1n);
  await waitFor(2n);
  await proxied.deleteEntity("p", "it's lagging");
  expect(await read()).toBe(2n);
  await waitFor(404);
});

test("lag applies writes at once, under the current ETag only", async () => {
  proxy.lag(60_000);
  const { etag = "" } = await proxied.createEntity(entity("lag-write"));
  await proxied.updateEntity({ ...entity("lag-write"), count: 2n }, "Replace", { etag });
  await expect(proxied.updateEntity(entity("lag-write"), "Replace", { etag })).rejects.toMatchObject({
    statusCode: 412,
  });
  await expect(proxied.createEntity(entity("lag-write"))).rejects.toMatchObject({ statusCode: 409 });
  expect((await direct.getEntity("p", "lag-write")).count).toBe(2n);
});

test("the fault proxy returns lists without the order of their keys", async () => {
  const rowKeys = Array.from({ length: 20 }, (_, index) => `list-${String(index).padStart(2, "0")}`);
  for (const rowKey of rowKeys) await direct.createEntity(entity(rowKey));
  const listed: unknown[] = [];
  const queryOptions = { filter: "RowKey ge 'list-' and RowKey lt 'list.'" };
  for await (const { rowKey } of proxied.listEntities({ queryOptions })) listed.push(rowKey);
  expect(listed).not.toEqual(rowKeys);
  expect(listed.toSorted()).toEqual(rowKeys);
});

test("cutPages returns every row once in pages of these sizes, in no order, with a token after an empty page", async () => {
  const rowKeys = Array.from({ length: 9 }, (_, index) => `cut-${index}`);
  for (const rowKey of rowKeys) await direct.createEntity(entity(rowKey));
  const sizes = [0, 3, 0, 0, 4];
  proxy.cutPages(() => sizes.shift() ?? 1_000);
  const pages: string[][] = [];
  const queryOptions = { filter: "RowKey ge 'cut-' and RowKey lt 'cut.'" };
  for await (const page of proxied.listEntities({ queryOptions }).byPage({ maxPageSize: 5 }))
    pages.push(page.map(({ rowKey }) => rowKey ?? ""));
  proxy.cutPages(undefined);
  expect(pages.map((page) => page.length)).toEqual([0, 3, 0, 0, 4, 2]);
  expect(pages.flat()).not.toEqual(rowKeys);
  expect(pages.flat().sort()).toEqual(rowKeys);
});

test("the fault proxy sends the same error for a missing row and a missing table, as Cosmos DB does", async () => {
  const noTable = new TableClient(proxy.url, "missing", credential, { retryOptions: { maxRetries: 0 } });
  const errors = [proxied, noTable].map((table) => table.getEntity("p", "missing").catch((error) => error));
  for (const { statusCode, response, details } of await Promise.all(errors)) {
    expect([statusCode, details.odataError.code]).toEqual([404, "ResourceNotFound"]);
    expect(response.headers.has("x-ms-error-code")).toBe(false);
  }
  await expect(noTable.listEntities().next()).rejects.toMatchObject({ statusCode: 404 });
});

test("stop causes ECONNREFUSED, and start listens at the same address again", async () => {
  await proxy.stop();
  const code = () => proxied.createEntity(entity("stopped")).catch((error) => error.code);
  // The first call may use a connection that stop has just dropped.
  await expect.poll(code).toBe("ECONNREFUSED");
  await proxy.start();
  await proxied.createEntity(entity("stopped"));
});
