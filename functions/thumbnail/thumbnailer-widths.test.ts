// Which blobs remain when several renders of one image meet, with different widths: exactly those that its record names.
import { beforeEach, describe, expect, it } from "vitest";
import { newOwner, openContainer, openIntake, unusedPublisher } from "../images/intake.fixture.ts";
import { testImage } from "../images/test-images.fixture.ts";
import { createDecoder } from "../lib/decode/decoder.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";
import { variantBlobName } from "../lib/image-variants.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createThumbnailer, type Thumbnailer } from "./thumbnailer.ts";

const { intake, originals, records } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const decoder = createDecoder({ maxPixels: 1_000_000 });
let owner: string;
let image: ImageRecord;

type Changes = { records?: Partial<ImageRecords>; widths?: readonly number[] };
const open = ({ widths = [256, 512], ...other }: Changes = {}) =>
  createThumbnailer({
    originals,
    thumbnails,
    records: { ...records, ...other.records },
    publisher: unusedPublisher,
    decoder,
    meter: silentMeter,
    widths,
  });
const create = (thumbnailer: Thumbnailer = open()) => thumbnailer.create(owner, image.id, { warn: () => undefined });
const storedNames = async () =>
  (await thumbnails.list(`${owner}/`)).map((name) => name.slice(name.indexOf("thumb_") + "thumb_".length));
const reprocess = () => records.change(owner, image.id, () => ({ status: "pending", sourceEtag: undefined }));
const findRecord = () => records.find(owner, image.id);

beforeEach(async () => {
  owner = newOwner();
  ({ record: image } = await intake.accept({
    owner,
    filename: "a.png",
    bytes: await testImage("png", { width: 600, height: 300 }),
  }));
});

describe("renders with different widths", () => {
  it.each([
    ["before", [256]],
    ["after", [256, 512]],
  ])(
    "the record names exactly the stored blobs when an instance with other widths is done %s this one",
    async (when, widths) => {
      const other = () => create(open({ widths }));
      const change: ImageRecords["change"] = async (...args) => {
        if (when === "before") await other();
        const changed = await records.change(...args);
        if (when === "after") await other();
        return changed;
      };
      await create(open({ records: { change }, widths: when === "before" ? [256, 512] : [256] }));
      const record = await findRecord();
      expect(record?.status).toBe("ready");
      expect(record?.variants?.map(({ name }) => name).sort()).toEqual((await storedNames()).sort());
    },
  );

  it("removes the variants that are no longer made after the record is written", async () => {
    await create();
    await reprocess();
    const record = await create(open({ widths: [256] })).then(findRecord);
    expect(record?.variants?.map(({ name }) => name)).toEqual(["256.avif", "256.webp", "256.png"]);
    expect((await storedNames()).sort()).toEqual(["256.avif", "256.png", "256.webp"]);
  });

  it("keeps a blob that a later render wrote while this one removes what is no longer made", async () => {
    await create();
    await reprocess();
    const late = open({
      widths: [256],
      records: {
        async find(...args) {
          const record = await records.find(...args);
          // The record as it was, and a new version of a blob that is about to be removed.
          if (record?.status === "ready")
            await thumbnails.write(variantBlobName(image, "512.webp"), {
              bytes: Buffer.from("later"),
              contentType: "image/webp",
              cacheControl: "no-store",
            });
          return record;
        },
      },
    });
    expect(await create(late)).toBe("created");
    expect(await storedNames()).toContain("512.webp");
    expect(await storedNames()).not.toContain("512.avif");
  });
});
