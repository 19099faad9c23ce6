// Uploads as crashes left them and runs of the reconcile timer over them, against Azurite.
import { randomUUIDv7 } from "node:crypto";
import { createDecoder } from "../lib/decode/decoder.ts";
import { type ImageRecord, originalBlobName } from "../lib/image.ts";
import { createLog, type Log } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createThumbnailer } from "../thumbnail/thumbnailer.ts";
import { createDeletion } from "./deletion.ts";
import { newOwner, openContainer, openIntake, unusedPublisher } from "./intake.fixture.ts";
import { reconcileImages } from "./reconcile.ts";
import { testImage } from "./test-images.fixture.ts";

const { duplicates, originals, records } = openIntake();
export const thumbnails = openContainer(containers.thumbnails);
const decoder = createDecoder({ maxPixels: 1_000_000 });
export const thumbnailer = createThumbnailer({
  originals,
  thumbnails,
  records,
  publisher: unusedPublisher,
  decoder,
  meter: silentMeter,
  widths: [256],
});
const deletion = createDeletion({ records, originals, thumbnails, duplicates, publisher: unusedPublisher });
export const MINUTE = 60_000;
export const now = Date.now();
export let owner: string;
export let lines: Record<string, unknown>[];
export let log: Log;

/** Before each test: a new owner without images, and an empty log. */
export function startOver(): void {
  owner = newOwner();
  lines = [];
  const sink = (line: string) => void lines.push(JSON.parse(line));
  log = createLog({ debug: sink, info: sink, warn: sink, error: sink });
}

/** An upload as a crash left it. */
export async function createRecord(
  status: ImageRecord["status"],
  { age = 6 * MINUTE, stored = true, broken = false } = {},
) {
  const bytes = broken ? Buffer.from("broken") : await testImage("png");
  const record: ImageRecord = {
    id: randomUUIDv7(),
    owner,
    filename: "a.png",
    contentType: "image/png",
    size: bytes.length,
    width: 80,
    height: 60,
    status,
    createdAt: new Date(now - age).toISOString(),
  };
  await records.create(record);
  if (stored)
    await originals.write(originalBlobName(record), { bytes, contentType: "image/png", cacheControl: "no-store" });
  return record;
}
/** The lines about single images. */
export const imageLines = () =>
  lines.filter(({ message }) => message === "image-repaired" || message === "reconcile-failed");
/** Only the records of this test, because other tests share the store. */
const ownRecords = {
  ...records,
  async *unfinished(due: { before: Date; now: Date }) {
    for await (const listed of records.unfinished(due)) if (listed.record.owner === owner) yield listed;
  },
};
export const reconcile = (
  deps: Partial<Parameters<typeof reconcileImages>[0]> = {},
  { at = now, runMs = 10 * MINUTE }: { at?: number; runMs?: number } = {},
) => reconcileImages({ deletion, images: ownRecords, originals, thumbnailer, ...deps }, { log, runMs, now: at });
export const statusOf = async ({ id }: ImageRecord) => (await records.find(owner, id))?.status;

export { originals, records };
