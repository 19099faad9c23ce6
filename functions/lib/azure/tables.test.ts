// Whether a table answers, asked through the real client, against Azurite.
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { tables } from "../names.ts";
import { createCredential } from "./credential.ts";
import { checkTable, createTableClient } from "./tables.ts";

const credential = createCredential(undefined);
const client = (table: string, endpoint = process.env.TABLES_ENDPOINT as string) =>
  createTableClient({ endpoint, table, credential, retries: 0 });

test.each(Object.values(tables))("the table %s answers", async (name) => {
  await checkTable(client(name), AbortSignal.timeout(30_000));
});

test("a table that was never made does not pass for an empty one", async () => {
  await expect(checkTable(client("nosuchtable"), AbortSignal.timeout(30_000))).rejects.toMatchObject({
    statusCode: 404,
  });
});

test("a call to a table that never answers ends with its signal", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as { port: number };
  const asked = checkTable(client(tables.visits, `https://127.0.0.1:${port}`), AbortSignal.timeout(300));
  await expect(asked).rejects.toMatchObject({ name: "AbortError" });
  silent.close();
});
