// Equal uploads against Azurite: at once, repeated after a crash at any call, after failures and after a deletion.
import { beforeEach, describe, expect, it } from "vitest";
import { createDecoder } from "../lib/decode/decoder.ts";
import { type ImageRecord, originalBlobName } from "../lib/image.ts";
import { createLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createDeletion } from "./deletion.ts";
import { type Death, dieAt } from "./dying-process.fixture.ts";
import { newOwner, openContainer, openIntake, storedBy, unusedPublisher } from "./intake.fixture.ts";
import { createIntake, type Intake } from "./intake.ts";
import { reconcileImages } from "./reconcile.ts";
import { testImage } from "./test-images.fixture.ts";

const { intake, originals, records, duplicates } = openIntake();
const decoder = createDecoder({ maxPixels: 1_000_000 });
const thumbnails = openContainer(containers.thumbnails);
const deletion = createDeletion({ records, originals, thumbnails, duplicates, publisher: unusedPublisher });
const bytes = await testImage("png");
let owner: string;

beforeEach(() => {
  owner = newOwner();
});

const accept = (from: Intake = intake, filename = "a.png") => from.accept({ owner, filename, bytes });

const intakeWith = (
  stores: Partial<Pick<Parameters<typeof createIntake>[0], "records" | "originals" | "duplicates">>,
) => createIntake({ records, originals, duplicates, decoder, meter: silentMeter, maxBytes: 1_000_000, ...stores });

function dyingIntake(callToDieAt: number, when: Death) {
  const dying = dieAt(callToDieAt, when);
  return intakeWith({
    records: { ...records, create: dying(records.create), change: dying(records.change) },
    originals: { ...originals, write: dying(originals.write) },
    duplicates: { find: dying(duplicates.find), claim: dying(duplicates.claim) },
  });
}

/** The timer, an hour later, which removes the record of an upload that died. */
async function reconcile() {
  const now = Date.now() + 60 * 60_000;
  const images = {
    ...records,
    async *unfinished(due: { before: Date; now: Date }) {
      for await (const listed of records.unfinished(due)) if (listed.record.owner === owner) yield listed;
    },
  };
  const thumbnailer = { create: async () => "created" };
  const log = createLog({ debug() {}, info() {}, warn() {}, error() {} });
  await reconcileImages({ deletion, images, originals, thumbnailer }, { log, runMs: 60_000, now });
}

/** Whether the owner has this one image, and nothing else. */
async function expectOnly({ id, filename, size }: ImageRecord) {
  expect(await storedBy(owner)).toEqual({ records: [id], blobs: [`${owner}/${id}/${filename}`] });
  expect((await originals.read(`${owner}/${id}/${filename}`))?.bytes.length).toBe(size);
}

describe("equal uploads", () => {
  it("eight at once become one image, which all of them get", async () => {
    const results = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((each) => accept(intake, `${each}.png`)));
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
    const [first] = results;
    for (const { record } of results) expect(record).toEqual({ ...first?.record, createdAt: record.createdAt });
    await expectOnly(first?.record as ImageRecord);
  });

  // Find, record, claim, original, record.
  const deaths = [1, 2, 3, 4, 5].flatMap((call) => [[call, "before"] as const, [call, "after"] as const]);
  it.each(deaths)("end in one complete image when the first dies at store call %i, %s it", async (call, when) => {
    await expect(accept(dyingIntake(call, when))).rejects.toThrow("died");
    const { record } = await accept(intake, "again.png");
    expect(record.status).toBe("pending");
    expect(await accept()).toEqual({ record, isNew: false });
    await reconcile();
    await expectOnly(record);
  });

  it("of another owner, of other bytes or with other options are images of their own", async () => {
    const { record } = await accept();
    const others = [
      { owner: newOwner(), bytes },
      { owner, bytes: await testImage("png") },
      { owner, bytes, options: "unchanged" as const },
      { owner, bytes, options: { quality: "high", format: "webp" } as const },
    ];
    for (const each of others) {
      const { record: other, isNew } = await intake.accept({ filename: "a.png", ...each });
      expect([isNew, other.id === record.id]).toEqual([true, false]);
    }
  });

  it("with options that change nothing are one image", async () => {
    const { record } = await accept();
    const low = await intake.accept({ owner, filename: "a.png", bytes, options: { quality: "low" } });
    expect(low).toMatchObject({ isNew: false, record: { id: record.id } });
  });
});

describe("an image that cannot be given again", () => {
  it.each<[string, (id: string) => Promise<unknown>]>([
    ["failed", (id) => records.change(owner, id, () => ({ status: "failed", reason: "Broken." }))],
    ["is being deleted", (id) => records.changeStored(owner, id, () => ({ status: "deleting" }))],
    ["was deleted", (id) => deletion.start(owner, id)],
    ["was removed by the timer", (id) => records.remove(owner, id, "*")],
  ])("is followed by a new one when it %s", async (_, end) => {
    const { record } = await accept();
    await end(record.id);
    const again = await accept();
    expect(again).toMatchObject({ isNew: true, record: { status: "pending" } });
    expect(again.record.id).not.toBe(record.id);
    expect(await accept()).toMatchObject({ isNew: false, record: { id: again.record.id } });
  });

  it("is given again while the timer still tries to finish it", async () => {
    const { record } = await accept();
    const retryAt = new Date().toISOString();
    await records.change(owner, record.id, () => ({ status: "failed", reason: "Later.", retryAt }));
    expect(await accept()).toMatchObject({ isNew: false, record: { id: record.id } });
  });

  it("leaves the row of the image that replaced it when it is deleted", async () => {
    const { record: failed } = await accept();
    await records.change(owner, failed.id, () => ({ status: "failed", reason: "Broken." }));
    const { record } = await accept();
    await deletion.start(owner, failed.id);
    expect(await accept()).toMatchObject({ isNew: false, record: { id: record.id } });
    await expectOnly(record);
  });

  it("is not given to an upload that has found it before two deletions, one of which removes the original last", async () => {
    await accept();
    const paused = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slowOriginals = {
      async remove(name: string) {
        paused.resolve();
        await goOn.promise;
        await originals.remove(name);
      },
    };
    const slowDeletion = createDeletion({
      records,
      originals: slowOriginals,
      thumbnails,
      duplicates,
      publisher: unusedPublisher,
    });
    let slow: Promise<boolean> | undefined;
    const upload = accept(
      intakeWith({
        duplicates: {
          find: async () => undefined,
          async claim(...args) {
            const claimed = await duplicates.claim(...args);
            const id = (await storedBy(owner)).records.sort()[0] ?? "";
            slow = slowDeletion.start(owner, id);
            await paused.promise;
            expect(await deletion.start(owner, id)).toBe(true);
            return claimed;
          },
        },
      }),
    );
    const acknowledged = await upload.then(
      ({ record }) => [record],
      () => [],
    );
    goOn.resolve();
    await slow;
    expect(await storedBy(owner)).toEqual({
      records: acknowledged.map(({ id }) => id),
      blobs: acknowledged.map(originalBlobName),
    });
    await expectOnly((await accept()).record);
  });

  it("takes no original from an equal upload when its own upload finds its record removed", async () => {
    let equal: ImageRecord | undefined;
    const interrupted = intakeWith({
      records: {
        ...records,
        async change(...args) {
          await records.remove(args[0], args[1], "*");
          const changed = await records.change(...args);
          equal = (await accept()).record;
          return changed;
        },
      },
    });
    await expect(accept(interrupted)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    await expectOnly(equal as ImageRecord);
  });
});
