// One random schedule of the model: clients that upload, commit, import, change, delete and reprocess images, events of the
// originals, and the timers. Then all faults end, and the timers run until the library is quiet.
import type { InvocationContext } from "@azure/functions";
import { containers } from "../lib/names.ts";
import { onOriginalWritten, onPoison } from "../thumbnail/thumbnail.ts";
import { createWorld, type Faults, NONE, type World } from "./library.simulation.ts";
import { createClients } from "./library-clients.simulation.ts";
import { findStrayCopies, findWithdrawnCopies } from "./library-public-law.simulation.ts";
import { auditPublicImages, finishPublications } from "./public-repair.ts";
import { reconcileImages } from "./reconcile.ts";
import { cleanUpUploads } from "./uploads-clean-up.ts";
import { DAY, HOUR, MINUTE } from "./virtual-time.fixture.ts";

const OPERATIONS = 14;
const ACTIVE_MS = 40 * MINUTE;
const BURSTS = 5;
const SPANS_MS = [50, 500, 5_000];
/** Deliveries of an event before the host sends it to the poison queue. */
const DELIVERIES = 5;
const RUN_MS = 60_000;

/** The host: five deliveries of an event, then a message in the poison queue. */
function deliverTo(world: World) {
  const context = (name: string) =>
    ({
      ...world.invocation,
      triggerMetadata: { blobTrigger: `${containers.images}/${name}` },
    }) as unknown as InvocationContext;
  return async (name: string) => {
    for (let delivery = 0; delivery < DELIVERIES; delivery++) {
      const app = world.instance();
      try {
        // The host gives up an invocation whose process died, and repeats it.
        const died = world.time.sleep(10 * MINUTE).then(() => Promise.reject(new Error("timed out")));
        died.catch(() => undefined);
        return await Promise.race([onOriginalWritten(undefined, context(name), app), died]);
      } catch {
        await world.time.sleep(1_000);
      }
    }
    await onPoison({ ContainerName: containers.images, BlobName: name }, context(name), world.instance());
  };
}

export type Timers = {
  /** Whether the audit of public copies runs. Without it, the announcements alone keep them right. */
  readonly hasPublicAudit: boolean;
};

/** Runs the timers once. */
async function runTimers(world: World, { hasPublicAudit }: Timers): Promise<void> {
  const { log } = world;
  const now = world.time.now();
  const ignore = () => undefined;
  const app = world.instance();
  await Promise.all([
    reconcileImages({ ...app }, { log, runMs: RUN_MS, now }).catch(ignore),
    cleanUpUploads(app, { log, runMs: RUN_MS, now }).catch(ignore),
    app.imageAudit.run({ log, runMs: RUN_MS, now }),
    finishPublications(app, { log, runMs: RUN_MS, now }).catch(ignore),
    hasPublicAudit && auditPublicImages(app, { log, runMs: RUN_MS }).catch(ignore),
  ]);
}

export type Outcome = ReturnType<typeof createClients> & { readonly world: World };

export async function runSchedule(seed: number, faults: Faults, timers: Timers): Promise<Outcome> {
  const world = createWorld(seed, faults);
  const { time } = world;
  const clients = createClients(world);
  world.onEvent(deliverTo(world));
  const begin = time.now();
  // In bursts, so that they meet.
  const bursts = Array.from({ length: BURSTS }, () => ({ at: time.random() * ACTIVE_MS, span: time.pick(SPANS_MS) }));
  for (let count = 0; count < OPERATIONS; count++) {
    const { at, span } = time.pick(bursts);
    time.at(begin + at + time.random() * span, () => void clients.act());
  }
  for (let at = 5 * MINUTE; at <= ACTIVE_MS; at += 5 * MINUTE) time.at(begin + at, () => void runTimers(world, timers));
  const watch = () => {
    for (const name of findStrayCopies(world)) clients.violations.push(`nothing leads to the copy ${name}`);
  };
  // A process that pauses for longer than any request lives leads to the copies itself: it checks the record when it goes on.
  if (!timers.hasPublicAudit && faults.pauses === 0)
    for (let at = MINUTE; at <= ACTIVE_MS; at += MINUTE) time.at(begin + at, watch);
  await time.run(ACTIVE_MS);
  // Quiet: what is late arrives, pauses end, and the timers finish.
  world.setFaults(NONE);
  await time.run(3 * HOUR);
  // An image that is being deleted would come back, as after any restore to a time before its deletion.
  const mayBeLost = ({ status = "deleting" }: Readonly<Record<string, unknown>>) => status !== "deleting";
  if (time.chance(faults.restores)) world.table.lose(({ columns }) => mayBeLost(columns) && time.chance(0.5));
  for (const wait of [MINUTE, 10 * MINUTE, HOUR, 12 * HOUR, HOUR, DAY, HOUR, HOUR, DAY, HOUR]) {
    await time.run(wait);
    const done = runTimers(world, timers);
    await time.run(5 * MINUTE);
    await done;
    // Every row and every deletion is due from the first run on.
    if (!timers.hasPublicAudit)
      for (const name of findWithdrawnCopies(world))
        clients.violations.push(`the copy ${name} was not removed in time`);
  }
  return { ...clients, world };
}
