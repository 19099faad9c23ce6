// The model: virtual time, the stores in memory, and instances of the app with the real code of uploads, deletions,
// thumbnails and timers, whose calls are lost, late or doubled, and which pause and die between any two of them.
import { RestError } from "@azure/data-tables";
import { createMemoryBlobs } from "../lib/azure/memory-blobs.fixture.ts";
import { createMemoryTable, type Send } from "../lib/azure/memory-table.fixture.ts";
import { createGate } from "../lib/gate.ts";
import { createLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { createThumbnailer } from "../thumbnail/thumbnailer.ts";
import { createImageAudit } from "./audit.ts";
import { createDeletion } from "./deletion.ts";
import { createDuplicates } from "./duplicates.ts";
import { createGalleryRows } from "./gallery-rows.ts";
import { createImageRecords } from "./image-records.ts";
import { createImportGate } from "./import-gate.ts";
import { createIntake } from "./intake.ts";
import { plainDecoder } from "./plain-decoder.fixture.ts";
import { createPublisher } from "./publisher.ts";
import { createUploadRows } from "./upload-rows.ts";
import { createVirtualTime, HOUR, MINUTE, type VirtualTime } from "./virtual-time.fixture.ts";

export type Faults = {
  /** Probability that a call loses its request or response, is applied late, or is sent twice. */
  readonly calls: number;
  /** Probability that a read of the table lags behind. */
  readonly stale: number;
  /** Probability of each call that the instance dies before or after it. */
  readonly deaths: number;
  /** Probability of each call that the instance pauses before it goes on. */
  readonly pauses: number;
  /** Probability that an event is lost, and that it is delivered twice. */
  readonly events: number;
  /** Probability of a schedule that the table is restored to a time before some of its records. */
  readonly restores: number;
};
export const NONE: Faults = { calls: 0, stale: 0, deaths: 0, pauses: 0, events: 0, restores: 0 };

/** Time limit of a call. */
const CALL_MS = 10_000;
const MAX_LATE_MS = 25_000;
/** Shorter than the time for which a row is read again after a 404 that a write disproves. */
const MAX_LAG_MS = 600;
/** Longer than a record may be unfinished before the timer looks at it. */
const MAX_PAUSE_MS = 20 * MINUTE;
const MAX_EVENT_DELAY_MS = 2 * HOUR;
const MAX_BYTES = 1_000;

type Process = { isDead: boolean; resumesAt: number };

/** Sends the calls of one process. A dead process gets no response, and sends nothing more. */
function createSend(time: VirtualTime, process: Process, faults: () => Faults): Send {
  const way = () => 1 + time.random() * 40;
  return <T>(apply: () => T) =>
    new Promise<T>((resolve, reject) => {
      const { calls, deaths, pauses } = faults();
      if (process.isDead) return;
      const dies = time.chance(deaths);
      if (dies && time.chance(0.5)) {
        process.isDead = true;
        return;
      }
      if (time.chance(pauses)) process.resumesAt = time.now() + time.random() * MAX_PAUSE_MS;
      const respond = (settle: () => void) => {
        if (process.isDead) return;
        if (time.now() < process.resumesAt) time.at(process.resumesAt, () => respond(settle));
        else settle();
      };
      const run = () => {
        try {
          const result = apply();
          return () => resolve(result);
        } catch (error) {
          return () => reject(error);
        }
      };
      const sentAt = Math.max(time.now(), process.resumesAt);
      const fault = time.chance(calls) ? time.pick(["request", "response", "late", "twice"] as const) : undefined;
      const noResponse = () => reject(new RestError("No response", { code: "REQUEST_SEND_ERROR" }));
      if (fault !== undefined && fault !== "twice") time.at(sentAt + CALL_MS, () => respond(noResponse));
      if (fault === "request") return;
      const appliedAt = sentAt + (fault === "late" ? time.random() * MAX_LATE_MS : way());
      time.at(appliedAt, () => {
        let settle = run();
        if (dies) process.isDead = true;
        if (fault === undefined) time.at(time.now() + way(), () => respond(settle));
        // The SDK repeats a call whose response was lost.
        if (fault === "twice")
          time.at(time.now() + 1_000, () => {
            settle = run();
            time.at(time.now() + way(), () => respond(settle));
          });
      });
    });
}

const hashOf = (text: string) => {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
};

/** One schedule. `faults` can be replaced while it runs. */
export function createWorld(seed: number, initial: Faults) {
  const time = createVirtualTime(seed);
  const world = { faults: initial };
  const { now } = time;
  const table = createMemoryTable({
    now,
    lag: () => (time.chance(world.faults.stale) ? time.random() * MAX_LAG_MS : 0),
    position: (key) => hashOf(`${seed} ${key}`) + key,
  });
  const originals = createMemoryBlobs({ now, onWrite: sendEvents });
  const thumbnails = createMemoryBlobs({ now });
  const staged = createMemoryBlobs({ now });
  const overwritten: string[] = [];
  const copies = createMemoryBlobs({ now });
  const lines: { readonly message: string }[] = [];
  const sink = (line: string) => void lines.push(JSON.parse(line));
  const invocation = { debug: sink, info: sink, warn: sink, error: sink };
  let deliver: (name: string) => Promise<void> = async () => undefined;

  /** An event comes once, twice or never, soon or late. */
  function sendEvents(name: string, isReplaced: boolean): void {
    if (isReplaced) overwritten.push(name);
    const { events } = world.faults;
    if (time.chance(events)) return;
    const copies = time.chance(events) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const delay = time.chance(events) ? time.random() * MAX_EVENT_DELAY_MS : time.random() * 2_000;
      time.at(now() + delay, () => void deliver(name));
    }
  }

  function createInstance() {
    const process: Process = { isDead: false, resumesAt: 0 };
    const send = createSend(time, process, () => world.faults);
    const rows = table.connect(send);
    const blobs = { originals: originals.connect(send), thumbnails: thumbnails.connect(send) };
    const images = createImageRecords(rows);
    const duplicates = createDuplicates(rows, images);
    const galleryRows = createGalleryRows(rows, now);
    const site = copies.connect(send);
    const { thumbnails: sources } = blobs;
    const publisher = createPublisher({ records: images, rows: galleryRows, thumbnails: sources, copies: site, now });
    const common = { ...blobs, records: images, duplicates, publisher, decoder: plainDecoder, meter: silentMeter };
    return {
      ...{ process, send, images, ...blobs, galleryRows, publisher, site, siteUrl: "https://site.example/" },
      staged: staged.connect(send),
      uploads: createUploadRows(rows),
      uploadGate: createGate({ name: "uploads", capacity: Number.POSITIVE_INFINITY }),
      importGate: createImportGate(),
      intake: createIntake({ ...common, maxBytes: MAX_BYTES }),
      // No limit: in so small a library everything that a crash leaves is more than 5 %.
      imageAudit: createImageAudit({ ...common, table: rows, repairLimit: 1_000 }),
      deletion: createDeletion({ ...common, now }),
      thumbnailer: createThumbnailer({ ...common, widths: [256] }),
      issueUploadLink: async () => ({ url: "", expiresAt: now() + 10 * MINUTE }),
    };
  }
  let instances = [createInstance(), createInstance()];
  return {
    ...{ time, table, originals, thumbnails, staged, copies, overwritten, lines, invocation, seed },
    log: createLog(invocation),
    /** A living instance; dead ones are replaced. */
    instance() {
      instances = instances.map((each) => (each.process.isDead ? createInstance() : each));
      return time.pick(instances);
    },
    /** Something that is not the app, such as a client that sends an upload to the storage. */
    outsider: () =>
      createSend(time, { isDead: false, resumesAt: 0 }, () => ({ ...world.faults, deaths: 0, pauses: 0 })),
    onEvent(handle: (name: string) => Promise<void>) {
      deliver = handle;
    },
    setFaults(faults: Faults) {
      world.faults = faults;
    },
    /** Ends all processes, also paused ones, as a deployment does. */
    restart() {
      for (const each of instances) each.process.isDead = true;
    },
  };
}
export type World = ReturnType<typeof createWorld>;
export type Instance = ReturnType<World["instance"]>;
