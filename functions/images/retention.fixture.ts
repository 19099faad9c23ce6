// Images with a retention, the timer at any time, and PATCH, for one owner on the tests' Azurite.
import { createDecoder } from "../lib/decode/decoder.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { originalBlobName, type Retention, type StoredImage } from "../lib/image.ts";
import { createLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers, retentions } from "../lib/names.ts";
import type { Tier } from "../lib/retention.ts";
import { createThumbnailer } from "../thumbnail/thumbnailer.ts";
import { createDeletion } from "./deletion.ts";
import { newOwner, openContainer, openIntake, openTable, storedBy, tagsOf } from "./intake.fixture.ts";
import { openPublisher } from "./publisher.fixture.ts";
import { createRetentionRows, type RetentionRows } from "./retention-rows.ts";
import { applyRetention, type RetentionDeps } from "./retention-timer.ts";
import { testImage } from "./test-images.fixture.ts";
import { updateImage } from "./update.ts";
import { createUsageRows } from "./usage-rows.ts";

export const { duplicates, intake, originals, records } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
export const { published, publisher, rows: galleryRows } = openPublisher(records);
const decoder = createDecoder({ maxPixels: 1_000_000 });
const thumbnailer = createThumbnailer({
  originals,
  thumbnails,
  records,
  publisher,
  decoder,
  meter: silentMeter,
  widths: [256],
});
const bytes = await testImage("png", { width: 8, height: 6 });
export const DAY = 24 * 60 * 60_000;
export const HOUR = 60 * 60_000;
export let owner: string;
let lines: Record<string, unknown>[];
const sink = (line: string) => void lines.push(JSON.parse(line));
const log = createLog({ debug: sink, info: sink, warn: sink, error: sink });

/** Before each test: a new owner without images, and an empty log. */
export function startOver(): void {
  owner = newOwner();
  lines = [];
}

export async function upload(tier: Tier) {
  const { record } = await intake.accept({ owner, filename: "a.png", bytes, tier });
  await thumbnailer.create(owner, record.id, log);
  return record;
}

/** Everything that is stored of the owner. */
export const stored = async () => {
  const [found, variants] = [await storedBy(owner), await thumbnails.list(`${owner}/`)];
  return found.records.length + found.blobs.length + variants.length;
};

/** Only the records of this test, because other tests share the store. */
function own(rows: RetentionRows): RetentionRows {
  async function* filter(images: AsyncIterable<StoredImage>) {
    for await (const image of images) if (image.owner === owner) yield image;
  }
  return {
    ended: (at) => filter(rows.ended(at)),
    expired: (before) => filter(rows.expired(before)),
    untagged: (at) => filter(rows.untagged(at)),
    shorter: rows.shorter,
  };
}
const retentionRows = createRetentionRows(openTable());
const usageRows = createUsageRows(openTable());
const noDeath = <T>(call: T): T => call;
type Wrap = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => (...args: A) => Promise<R>;

type Run = { readonly tier?: Tier; readonly wrap?: Wrap; readonly deps?: Partial<RetentionDeps> };

/** The timer at an instant. @returns the warnings, and what it did */
export async function run(now: number, { tier, wrap = noDeath as Wrap, deps = {} }: Run = {}) {
  lines = [];
  const { change, changeStored, remove } = records;
  const parts = {
    records: { changeStored: wrap(changeStored), remove: wrap(remove) },
    originals: { remove: wrap(originals.remove) },
    thumbnails: { list: wrap(thumbnails.list), remove: wrap(thumbnails.remove) },
    duplicates: { release: wrap(duplicates.release) },
    publisher: { reconcile: wrap(publisher.reconcile) },
  };
  const user = {
    id: owner,
    email: "ada@localhost",
    role: "editor",
    state: "active",
    validFrom: 0,
    createdAt: 0,
  } as const;
  await applyRetention(
    {
      images: { change: wrap(change) },
      originals: { setTags: wrap(originals.setTags), tags: wrap(originals.tags) },
      deletion: createDeletion(parts),
      publisher,
      usageRows: { marked: async function* () {}, recount: usageRows.recount },
      users: { read: async () => (tier ? [{ ...user, tier }] : []) },
      ...deps,
      retentionRows: own(deps.retentionRows ?? retentionRows),
    },
    { log, runMs: HOUR, now },
  );
  const { message, ...done } = lines.at(-1) ?? {};
  return { warnings: lines.filter(({ level }) => level === "warn").length, done };
}

/** What is promised in the record and in the tag; undefined when it does not exist. */
export async function promised(id: string) {
  const record = await records.find(owner, id);
  if (!record) return undefined;
  const tag = (await tagsOf(originalBlobName(record))).retention as Retention;
  const { status, retention, expiresAt } = record;
  const days = expiresAt && (Date.parse(expiresAt) - Date.parse(record.createdAt)) / DAY;
  return { status, retention, days, tag };
}

/** Whether a lifecycle rule may delete the original before the record says so. */
export const isTagTooShort = ({ retention, tag }: { retention?: Retention | undefined; tag: Retention }) =>
  retentions.indexOf(tag) < retentions.indexOf(retention ?? "keep");

type PatchDeps = {
  images: typeof records;
  originals: typeof originals;
  galleryRows: typeof galleryRows;
  publisher: typeof publisher;
  siteUrl: string;
  authenticate(): Promise<{ subject: string; role: "editor" }>;
};
const path = "/v1/images/{id:guid}";
const route = routesFor<PatchDeps>()("image-update", "PATCH", path, "images:write", "none", updateImage);

/** PATCH of the image. */
export function patch(
  id: string,
  body: object,
  { ifMatch = "*", deps = {} }: { ifMatch?: string; deps?: Partial<PatchDeps> } = {},
) {
  const headers = { "content-type": "application/json", "if-match": ifMatch };
  const authenticate = async () => ({ subject: owner, role: "editor" as const });
  const siteUrl = "https://site.example.com/";
  const all = { images: records, originals, galleryRows, publisher, siteUrl, authenticate, ...deps };
  return invoke(route, all, { method: "PATCH", params: { id }, headers, body: JSON.stringify(body) });
}
