import { expect, it } from "vitest";
import { type CsvRecord, readCsv } from "./csv.ts";

async function* chunksOf(...chunks: readonly (string | Error)[]) {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield new TextEncoder().encode(chunk);
  }
}
async function read(chunks: readonly (string | Error)[], { type = "text/csv", length = 0, more = {} } = {}) {
  const records: CsvRecord[] = [];
  const body = {
    headers: new Headers({ "content-type": type, ...more }),
    contentLength: length,
    stream: chunksOf(...chunks),
  };
  for await (const record of readCsv(body, { maxBytes: 200_000 })) records.push(record);
  return records;
}

it("reads quoted fields, either line end, a byte order mark and empty lines, with the line of each record", async () => {
  expect(await read(['\ufeffa,"b ""x""', ',y\nz",c\r\n\n1,,', "é\n2"])).toEqual([
    { fields: ["a", 'b "x",y\nz', "c"], line: 2 },
    { fields: ["1", "", "é"], line: 4 },
    { fields: ["2"], line: 5 },
  ]);
});

it.each([
  [
    "an unclosed quotation mark",
    ['a,b\n1,"x\n', "y".repeat(1_000)],
    "VALIDATION_FAILED",
    /^body\.line\.\d+ must be CSV/,
  ],
  ["a record without end", [`a\n"${"x".repeat(100_000)}"`], "VALIDATION_FAILED", /^body\.line\.\d+ must be CSV/],
  ["a quotation mark inside a field", ['a\nx"y,z'], "VALIDATION_FAILED", /^body\.line\.2 must be CSV/],
  ["a body that breaks off", ["a\n", new Error("ECONNRESET")], "VALIDATION_FAILED", /before it was complete/],
  [
    "more bytes than the limit",
    ["x\n".repeat(60_000), "x\n".repeat(60_000)],
    "PAYLOAD_TOO_LARGE",
    /at most 200000 bytes/,
  ],
])("rejects %s", async (_, chunks, code, message) => {
  await expect(read(chunks)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

it("rejects another type, an announced length above the limit, and a compressed body before it reads", async () => {
  const unread = [new Error("The body was read")];
  await expect(read(unread, { type: "application/json" })).rejects.toMatchObject({ code: "UNSUPPORTED_MEDIA_TYPE" });
  await expect(read(unread, { length: 200_001 })).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  const more = { "content-encoding": "gzip" };
  await expect(read(unread, { more })).rejects.toMatchObject({ code: "UNSUPPORTED_MEDIA_TYPE" });
});

it("stops reading when its reader stops", async () => {
  let sent = 0;
  async function* endless() {
    for (;;) {
      sent += 1;
      yield new TextEncoder().encode("a,b\n".repeat(1_000));
    }
  }
  const body = { headers: new Headers({ "content-type": "text/csv" }), contentLength: 0, stream: endless() };
  for await (const { line } of readCsv(body, { maxBytes: 1e9 })) if (line === 3) break;
  expect(sent).toBeLessThan(100);
});
