// What is reported of calls to real stores.
import { SecretClient } from "@azure/keyvault-secrets";
import { beforeEach, describe, expect, it } from "vitest";
import type { FaultProxy } from "../../../local/fault-proxy.fixture.ts";
import { containers, SITE_CONTAINER, tables } from "../names.ts";
import { runInContext } from "../request-context.ts";
import { blobsUri, siteBlobsUri, startTableProxy, tablesEndpoint, vaultUri } from "../test-services.fixture.ts";
import { createBlobService } from "./blob-service.ts";
import { createBlobContainer } from "./blobs.ts";
import { type Call, watchCalls } from "./calls.ts";
import { createCredential } from "./credential.ts";
import { createTableClient } from "./tables.ts";

const credential = createCredential(undefined);
const addresses = {
  table: tablesEndpoint,
  blob: blobsUri,
  vault: vaultUri,
};
const context = { traceId: "a".repeat(32), operationId: "b".repeat(32), function: "f", invocationId: "i" };
let calls: Call[];

beforeEach(() => {
  calls = [];
  watchCalls(addresses, (call) => void calls.push(call));
});

const tableAt = (endpoint: string, retries = 0) =>
  createTableClient({ endpoint, table: tables.images, credential, retries });
const reported = (call: Partial<Call>) => ({
  startedAt: expect.any(Number),
  durationMs: expect.any(Number),
  context,
  ...call,
});
const within = <T>(work: () => Promise<T>) => runInContext(context, work).catch((error: unknown) => error);

describe("call report", () => {
  it("has the URL of a table without keys and filter", async () => {
    await within(() => tableAt(addresses.table).getEntity("Ms. Owner", "her row"));
    await within(() =>
      tableAt(addresses.table)
        .listEntities({ queryOptions: { filter: "owner eq 'me'" } })
        .next(),
    );
    const url = `${addresses.table}/images`;
    expect(calls).toEqual([
      reported({ store: "table", method: "GET", url, status: 404, success: true }),
      reported({ store: "table", method: "GET", url, status: 200, success: true }),
    ]);
  });

  it("has the URL of a container without the blob name", async () => {
    const container = createBlobContainer(createBlobService(addresses.blob, credential), containers.images);
    await within(() => container.read("owner/id/My Passport.png"));
    const url = `${addresses.blob}/images`;
    expect(calls).toEqual([reported({ store: "blob", method: "GET", url, status: 404, success: true })]);
  });

  it("has the URL of the website's container, which is another account", async () => {
    watchCalls({ ...addresses, blob: [addresses.blob, siteBlobsUri] }, (call) => void calls.push(call));
    await within(() =>
      createBlobContainer(createBlobService(siteBlobsUri, credential), SITE_CONTAINER).etag("images/1/256.webp"),
    );
    const url = `${siteBlobsUri}/%24web`;
    expect(calls).toEqual([reported({ store: "blob", method: "HEAD", url, status: 404, success: true })]);
  });

  it("has the URL of a secret without its version, and includes the challenge of the vault", async () => {
    const client = new SecretClient(addresses.vault, credential, { disableChallengeResourceVerification: true });
    await within(() => client.getSecret("nothing", { version: "0123456789" }));
    const url = `${addresses.vault.replace(/\/$/, "")}/secrets/nothing`;
    expect(calls).toEqual([
      reported({ store: "vault", method: "GET", url, status: 401, success: true }),
      reported({ store: "vault", method: "GET", url, status: 404, success: true }),
    ]);
  });
});

describe("calls through a proxy", () => {
  const ids: unknown[] = [];
  let proxy: FaultProxy;

  beforeEach(async () => {
    ids.length = 0;
    proxy = await startTableProxy();
    watchCalls({ ...addresses, table: proxy.url }, (call) => void calls.push(call));
    return () => proxy.close();
  });

  it("reports each attempt as a call, which carries the trace id of its request", async () => {
    proxy.decide(({ headers, ordinal }) => {
      ids.push(headers["x-ms-client-request-id"]);
      return ordinal < 3 ? { kind: "status", status: 503 } : undefined;
    });
    await within(() => tableAt(proxy.url, 2).getEntity("a", "b"));
    expect(calls.map(({ status, success }) => [status, success])).toEqual([
      [503, false],
      [503, false],
      [404, true],
    ]);
    expect(ids).toEqual(Array(3).fill(context.traceId));
  });

  it("reports a call outside of requests without context and sends no trace id", async () => {
    proxy.decide(({ headers }) => void ids.push(headers["x-ms-client-request-id"]));
    await tableAt(proxy.url)
      .getEntity("a", "b")
      .catch(() => undefined);
    expect(calls).toHaveLength(1);
    expect(calls[0]).not.toHaveProperty("context");
    expect(ids).not.toEqual([context.traceId]);
  });

  it("reports the error code of a call without a response", async () => {
    proxy.decide(() => ({ kind: "reset-before" }));
    await within(() => tableAt(proxy.url).getEntity("a", "b"));
    await proxy.stop();
    await within(() => tableAt(proxy.url).getEntity("a", "b"));
    expect(calls).toEqual([
      reported({ store: "table", method: "GET", url: `${proxy.url}/images`, success: false, error: "ECONNRESET" }),
      reported({ store: "table", method: "GET", url: `${proxy.url}/images`, success: false, error: "ECONNREFUSED" }),
    ]);
    await proxy.start();
  });

  it("reports an unexpected 403 as a failure", async () => {
    proxy.decide(() => ({ kind: "status", status: 403 }));
    await within(() => tableAt(proxy.url).getEntity("a", "b"));
    expect(calls).toMatchObject([{ status: 403, success: false }]);
  });
});

it("does not report calls to the identity endpoint or to an unknown store", async () => {
  watchCalls({ ...addresses, table: "https://127.0.0.1:1/devstoreaccount1" }, (call) => void calls.push(call));
  await within(() => tableAt(addresses.table).getEntity("a", "b"));
  expect(calls).toEqual([]);
});
