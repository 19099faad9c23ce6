// Which file the local settings come from, and which contents are rejected.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readLocalSettings, servicePorts, warnOfMisspelt } from "./settings-file.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vitae-settings-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, content: unknown) => writeFileSync(join(root, name), JSON.stringify(content));

test("local.settings.json wins over the example, and CORS origins are a list", () => {
  write("local.settings.example.json", { IsEncrypted: false, Values: { PAGES: "resume" } });
  expect(readLocalSettings(root)).toMatchObject({ values: { PAGES: "resume" }, cors: [] });
  write("local.settings.json", { Values: { PAGES: "other" }, Host: { CORS: "http://a:1, http://b:2" } });
  expect(readLocalSettings(root)).toMatchObject({ values: { PAGES: "other" }, cors: ["http://a:1", "http://b:2"] });
});

test("rejects a missing, malformed or encrypted file, and a value that is no string", () => {
  expect(() => readLocalSettings(root)).toThrow(/local\.settings\.example\.json must be a readable JSON file/);
  writeFileSync(join(root, "local.settings.json"), "{");
  expect(() => readLocalSettings(root)).toThrow(/local\.settings\.json must be a readable JSON file/);
  write("local.settings.json", { IsEncrypted: true });
  expect(() => readLocalSettings(root)).toThrow("is encrypted");
  write("local.settings.json", { Values: { N: 1 } });
  expect(() => readLocalSettings(root)).toThrow("must be strings, received N: 1");
});

test("accepts a byte order mark and comments, and rejects a list", () => {
  const text = '\uFEFF{ // one\n "Values": { /* two */ "PAGES": "a//b/*c*/" } }';
  writeFileSync(join(root, "local.settings.json"), text);
  expect(readLocalSettings(root).values).toEqual({ PAGES: "a//b/*c*/" });
  write("local.settings.json", []);
  expect(() => readLocalSettings(root)).toThrow("it must contain an object, received []");
});

test("warns of settings that are nearly known ones, and of no other", () => {
  write("local.settings.json", { Values: { PAGE: "resume", RATE_LIMIT_VISIT: "3", PAGES: "a", MY_OWN: "1" } });
  const names = ["PAGES", "STAGE", "RATE_LIMIT_VISITS", "RATE_LIMITS"];
  const environment = { RATE_LIMTIS: "off", PAGER: "less", LOCAL_DATA_DIR: "x" };
  const lines = warnOfMisspelt(readLocalSettings(root), environment, names);
  expect(lines.map((line) => line.replace(/ \(in .*\)/, ""))).toEqual([
    "There is no setting PAGE. Did you mean PAGES?",
    "There is no setting RATE_LIMIT_VISIT. Did you mean RATE_LIMIT_VISITS?",
    "There is no setting RATE_LIMTIS. Did you mean RATE_LIMITS?",
  ]);
});

test("reads the service ports from the addresses, and rejects a missing address", () => {
  const Values: Record<string, string> = {
    TABLES_ENDPOINT: "https://127.0.0.1:10002/devstoreaccount1",
    MEDIA__blobServiceUri: "https://127.0.0.1:10000/devstoreaccount1",
    MEDIA__queueServiceUri: "https://127.0.0.1:10001/devstoreaccount1",
    VAULT_URI: "https://127.0.0.1:10003",
    IDENTITY_ENDPOINT: "http://127.0.0.1:10004/msi/token",
  };
  write("local.settings.json", { Values });
  const ports = { blob: 10000, queue: 10001, table: 10002, vault: 10003, identity: 10004 };
  expect(servicePorts(readLocalSettings(root))).toEqual(ports);
  write("local.settings.json", { Values: { ...Values, VAULT_URI: "" } });
  expect(() => servicePorts(readLocalSettings(root))).toThrow(
    /^VAULT_URI in .* must be an address with a port, received ""/,
  );
});
