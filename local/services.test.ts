// Storage accepts the managed identity only. Services start, fail and close cleanly.
import { randomUUID } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AzureNamedKeyCredential, TableClient } from "@azure/data-tables";
import { DefaultAzureCredential } from "@azure/identity";
import {
  BlobServiceClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "./listen.ts";
import { startServices } from "./services.ts";

const { TABLES_ENDPOINT = "", MEDIA__blobServiceUri = "", MEDIA__queueServiceUri = "" } = process.env;
const credential = new DefaultAzureCredential();
const newName = () => `t${randomUUID().replaceAll("-", "")}`;
const noRetries = { retryOptions: { maxRetries: 0, maxTries: 1 } };

// Published by Microsoft for the emulator: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
const WELL_KNOWN_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

test("queues accept the managed identity and reject a call without a token", async () => {
  const { token } = await credential.getToken("https://storage.azure.com/.default");
  const call = (method: string, headers = {}) =>
    fetch(`${MEDIA__queueServiceUri}/${name}`, { method, headers: { "x-ms-version": "2021-12-02", ...headers } });
  const name = newName();
  expect((await call("PUT", { authorization: `Bearer ${token}` })).status).toBe(201);
  expect((await call("DELETE")).status).toBe(403);
  expect((await call("DELETE", { authorization: `Bearer ${token}` })).status).toBe(204);
});

test("storage rejects the emulator's well-known key", async () => {
  const named = new AzureNamedKeyCredential("devstoreaccount1", WELL_KNOWN_KEY);
  const table = new TableClient(TABLES_ENDPOINT, newName(), named, noRetries);
  await expect(table.createTable()).rejects.toMatchObject({ statusCode: 400 });

  const service = new BlobServiceClient(MEDIA__blobServiceUri, credential);
  const containerName = newName();
  await service.createContainer(containerName);
  const shared = new StorageSharedKeyCredential("devstoreaccount1", WELL_KNOWN_KEY);
  const blobs = new BlobServiceClient(MEDIA__blobServiceUri, shared, noRetries);
  const invalid = { statusCode: 400, code: "InvalidAuthenticationInfo" };
  await expect(blobs.getContainerClient(containerName).getProperties()).rejects.toMatchObject(invalid);
  const link = generateBlobSASQueryParameters(
    { containerName, permissions: ContainerSASPermissions.parse("rl"), expiresOn: new Date(Date.now() + 60_000) },
    shared,
  );
  expect((await fetch(`${MEDIA__blobServiceUri}/${containerName}?restype=container&comp=list&${link}`)).status).toBe(
    403,
  );
  await service.deleteContainer(containerName);
});

function newDataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "vitae-services-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test("services free their ports on close, and find their data again at the next start", async () => {
  const dataDir = newDataDir();
  // The certificate that this process trusts, so that its clients can call these services too.
  cpSync(dirname(process.env.NODE_EXTRA_CA_CERTS ?? ""), join(dataDir, "certificate"), { recursive: true });
  const name = newName();
  const first = await startServices({ dataDir });
  const table = new TableClient(first.env.TABLES_ENDPOINT ?? "", name, credential, noRetries);
  await table.createTable();
  await table.createEntity({ partitionKey: "p", rowKey: "r" });
  await first.close();
  await expect(table.getEntity("p", "r")).rejects.toMatchObject({ code: "ECONNREFUSED" });

  const port = (setting: string) => Number(new URL(first.env[setting] ?? "").port);
  const second = await startServices({
    dataDir,
    ports: {
      blob: port("MEDIA__blobServiceUri"),
      queue: port("MEDIA__queueServiceUri"),
      table: port("TABLES_ENDPOINT"),
      identity: port("IDENTITY_ENDPOINT"),
      vault: port("VAULT_URI"),
    },
  });
  expect(await table.getEntity("p", "r")).toMatchObject({ rowKey: "r" });
  await second.close();
});

test("services report a port in use in one line, and leave nothing running or locked", async () => {
  const dataDir = newDataDir();
  const other = await listen(createServer(), "another program");
  for (const service of ["table", "vault"] as const) {
    const failure = await startServices({ dataDir, ports: { [service]: other.port } }).catch((error) => error);
    expect(failure.message).toContain(String(other.port));
    expect(failure.message).not.toContain("\n");
  }
  await other.close();
  await (await startServices({ dataDir })).close();
});

test("services report a corrupt storage file by its name, and storage files are private", async () => {
  const dir = mkdtempSync(join(tmpdir(), "vitae-services-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const services = await startServices({ dataDir: dir });
  const folder = join(dir, "azurite");
  await services.close();
  const file = join(folder, "__azurite_db_table__.json");
  for (const path of [folder, file]) expect(statSync(path).mode & 0o077).toBe(0);
  writeFileSync(file, '{"x"');
  await expect(startServices({ dataDir: dir })).rejects.toThrow(
    `${file} is corrupt, so storage cannot start. Restore it from a copy, or use a new LOCAL_DATA_DIR.`,
  );
});

test("storage waits for an older process that still saves to the same folder", async () => {
  const dir = mkdtempSync(join(tmpdir(), "vitae-services-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, "azurite"));
  const lock = new DatabaseSync(join(dir, "azurite", "lock.db"));
  lock.exec("BEGIN EXCLUSIVE");
  let isStarted = false;
  const starting = startServices({ dataDir: dir }).then((services) => {
    isStarted = true;
    return services;
  });
  // A second folder's storage starts meanwhile.
  const other = mkdtempSync(join(tmpdir(), "vitae-services-"));
  onTestFinished(() => rmSync(other, { recursive: true }));
  await (await startServices({ dataDir: other })).close();
  expect(isStarted).toBe(false);
  lock.close();
  await (await starting).close();
});
