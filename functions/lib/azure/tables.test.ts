// The readiness check and the pages of a table with the real client against Azurite.
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { tables } from "../names.ts";
import { tablesEndpoint } from "../test-services.fixture.ts";
import { createCredential } from "./credential.ts";
import { checkTable, createTableClient, pagesOf } from "./tables.ts";

const credential = createCredential(undefined);
const client = (table: string, endpoint = tablesEndpoint) =>
  createTableClient({ endpoint, table, credential, retries: 0 });

test.each(Object.values(tables))("checkTable resolves for the table %s", async (name) => {
  await checkTable(client(name), AbortSignal.timeout(30_000));
});

test("checkTable rejects with 404 when the table does not exist", async () => {
  await expect(checkTable(client("nosuchtable"), AbortSignal.timeout(30_000))).rejects.toMatchObject({
    statusCode: 404,
  });
});

async function openSilentServer() {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  return `https://127.0.0.1:${(silent.address() as { port: number }).port}`;
}

test("checkTable ends with its signal when the table never responds", async () => {
  const result = checkTable(client(tables.visits, await openSilentServer()), AbortSignal.timeout(300));
  await expect(result).rejects.toMatchObject({ name: "AbortError" });
});

test("pagesOf rejects after its time limit when the table never responds", async () => {
  const pages = pagesOf(client(tables.visits, await openSilentServer()), {}, 300);
  await expect(pages.next()).rejects.toMatchObject({ name: "AbortError" });
});
