// Equal uploads of images that have lost their original, as after a restored account, against Azurite.
import { beforeEach, describe, expect, it } from "vitest";
import { createDecoder } from "../lib/decode/decoder.ts";
import { type ImageRecord, originalBlobName } from "../lib/image.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createDeletion } from "./deletion.ts";
import { newOwner, openContainer, openIntake, storedBy, unusedPublisher } from "./intake.fixture.ts";
import { createIntake, type Intake } from "./intake.ts";
import { testImage } from "./test-images.fixture.ts";

const { intake, originals, records, duplicates } = openIntake();
const decoder = createDecoder({ maxPixels: 1_000_000 });
const stores = { records, originals, duplicates, decoder, meter: silentMeter, maxBytes: 1_000_000 };
const deletion = createDeletion({
  ...stores,
  thumbnails: openContainer(containers.thumbnails),
  publisher: unusedPublisher,
});
const bytes = await testImage("png");
let owner: string;

beforeEach(() => {
  owner = newOwner();
});

const accept = (from: Intake = intake, filename = "a.png") => from.accept({ owner, filename, bytes });

/** Whether the owner has this one image, and nothing else. */
async function expectOnly(record: ImageRecord) {
  const name = originalBlobName(record);
  expect(await storedBy(owner)).toEqual({ records: [record.id], blobs: [name] });
  expect((await originals.read(name))?.bytes.length).toBe(record.size);
}

describe("an image whose original was lost", () => {
  it.each(["pending", "ready", "failed"] as const)(
    "gets it back from an equal upload, under the same id, and is processed again when it is %s",
    async (status) => {
      const { record } = await accept();
      const lost = { status, sourceEtag: "old", attempts: 3, retryAt: new Date().toISOString(), alt: "kept" };
      await records.change(owner, record.id, () => lost);
      await originals.remove(originalBlobName(record));
      const again = await accept(intake, "other.png");
      expect(again).toEqual({ isNew: false, record: { ...record, status: "pending", alt: "kept" } });
      await expectOnly(record);
    },
  );

  it("gets it back once from equal uploads at the same time", async () => {
    const { record } = await accept();
    await originals.remove(originalBlobName(record));
    const results = await Promise.all([1, 2, 3].map(() => accept()));
    expect(results.map(({ record: { id } }) => id)).toEqual([record.id, record.id, record.id]);
    await expectOnly(record);
  });

  it("does not get it back when it is deleted meanwhile", async () => {
    const { record } = await accept();
    await originals.remove(originalBlobName(record));
    const slow: typeof originals.write = async (...args) => {
      await deletion.start(owner, record.id);
      return originals.write(...args);
    };
    const slowIntake = createIntake({ ...stores, originals: { ...originals, write: slow } });
    const upload = accept(slowIntake);
    await expect(upload).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect((await storedBy(owner)).blobs).toEqual([]);
  });
});
