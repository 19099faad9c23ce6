// A library in memory and runs of the audit over it, days apart.
import { randomUUIDv7 } from "node:crypto";
import { createMemoryBlobs } from "../lib/azure/memory-blobs.fixture.ts";
import { createMemoryTable, sendAtOnce } from "../lib/azure/memory-table.fixture.ts";
import { type ImageRecord, originalBlobName, type StoredImage } from "../lib/image.ts";
import { variantBlobName } from "../lib/image-variants.ts";
import { createLog } from "../lib/log.ts";
import { createImageAudit } from "./audit.ts";
import { createImageRecords } from "./image-records.ts";
import { plainDecoder, plainImage } from "./plain-decoder.fixture.ts";

const HOUR = 60 * 60_000;
export const DAY = 24 * HOUR;
const OWNER = "ada";

export function openLibrary({ repairLimit }: { repairLimit?: number } = {}) {
  const time = { now: Date.now() };
  const now = () => time.now;
  const memory = {
    table: createMemoryTable({ now }),
    originals: createMemoryBlobs({ now }),
    thumbnails: createMemoryBlobs({ now }),
  };
  const table = memory.table.connect(sendAtOnce);
  const originals = memory.originals.connect(sendAtOnce);
  const thumbnails = memory.thumbnails.connect(sendAtOnce);
  const records = createImageRecords(table);
  const stores = { table, records, originals, thumbnails, decoder: plainDecoder };
  const lines: Record<string, unknown>[] = [];
  const sink = (line: string) => void lines.push(JSON.parse(line));
  const log = createLog({ debug: sink, info: sink, warn: sink, error: sink });

  return {
    ...{ time, memory, originals, thumbnails, records, table, stores, lines, log },
    /** An image with its original and a variant, as much of it as is chosen. */
    async add({
      status = "ready",
      parts = ["record", "original", "variant"],
    }: {
      status?: StoredImage["status"];
      parts?: readonly ("record" | "original" | "variant")[];
    } = {}): Promise<ImageRecord> {
      const record: ImageRecord = {
        ...{ id: randomUUIDv7(), owner: OWNER, filename: "a.png", contentType: "image/png" },
        ...{ size: plainImage("a").length, width: 2, height: 2, status: status === "deleting" ? "ready" : status },
        createdAt: new Date(time.now).toISOString(),
      };
      const blob = { bytes: plainImage("a"), contentType: "image/png", cacheControl: "" };
      if (parts.includes("record")) await records.create(record);
      if (parts.includes("original")) await originals.write(originalBlobName(record), blob);
      if (parts.includes("variant"))
        for (const name of ["256.webp", "256.avif"]) await thumbnails.write(variantBlobName(record, name), blob);
      if (status === "deleting") await records.changeStored(OWNER, record.id, () => ({ status }));
      return record;
    },
    /** Runs of the hourly timer. @param runMs milliseconds of each */
    async audit(hours = 1, { limit = repairLimit, runMs = 60_000 }: { limit?: number; runMs?: number } = {}) {
      const imageAudit = createImageAudit({ ...stores, repairLimit: limit });
      for (let hour = 0; hour < hours; hour++) {
        await imageAudit.run({ log, runMs, now: time.now });
        time.now += HOUR;
      }
    },
    statusOf: async ({ id }: ImageRecord) => (await records.changeStored(OWNER, id, () => undefined))?.record.status,
    /** Names of everything that is stored, and the messages of the log. */
    stored: () => [...memory.originals.blobs.keys(), ...memory.thumbnails.blobs.keys()],
    messages: () => lines.map(({ message }) => message),
    linesOf: (message: string) => lines.filter((line) => line.message === message),
    /** A day later, so that everything is old enough for the audit. */
    wait() {
      time.now += DAY + HOUR;
    },
  };
}
