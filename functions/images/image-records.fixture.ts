// Records of images and a table behind a proxy that can fail, for the tests of the images table.
import { randomUUIDv7 } from "node:crypto";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";
import { startTableProxy } from "../lib/test-services.fixture.ts";
import { createImageRecords } from "./image-records.ts";
import { openTable } from "./intake.fixture.ts";

export const recordOf = (owner: string, changes: Partial<ImageRecord> = {}): ImageRecord => ({
  id: randomUUIDv7(),
  owner,
  filename: "Zoë's 🖼️.png",
  contentType: "image/png",
  size: 5_000_000_000,
  width: 80,
  height: 60,
  status: "uploading",
  createdAt: new Date().toISOString(),
  ...changes,
});

export async function openThroughProxy() {
  const proxy = await startTableProxy();
  return { proxy, images: createImageRecords(openTable(proxy.url)) };
}

/** The ids of an owner's unfinished records from before a time, in order. */
export async function unfinishedOf(images: ImageRecords, owner: string, before: Date) {
  const ids: string[] = [];
  for await (const { record } of images.unfinished({ before, now: new Date() }))
    if (record.owner === owner) ids.push(record.id);
  return ids.sort();
}
