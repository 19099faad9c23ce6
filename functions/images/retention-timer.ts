// The timer of the retention: expires images, deletes them a week later, follows longer tiers, repairs tags, and counts
// the usage of changed months.
import type { Roster } from "../lib/access/roster.ts";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import {
  type ImageRecord,
  type ImageRecords,
  originalBlobName,
  type StoredImage,
  tagsOf,
  unlessDeleting,
} from "../lib/image.ts";
import type { Log } from "../lib/log.ts";
import { GRACE_DAYS, RETENTION_TAG } from "../lib/names.ts";
import { expiryOf, isLonger, retentionOfTier } from "../lib/retention.ts";
import type { Deletion } from "./deletion.ts";
import type { Publisher } from "./publisher.ts";
import { changeWithTag, expire, isEnded, restore, retain } from "./retention.ts";
import type { RetentionRows } from "./retention-rows.ts";
import type { UsageRows } from "./usage-rows.ts";

const GRACE_MS = GRACE_DAYS * 24 * 60 * 60_000;

export type RetentionDeps = {
  readonly images: Pick<ImageRecords, "change">;
  readonly originals: Pick<BlobContainer, "setTags" | "tags">;
  readonly deletion: Pick<Deletion, "startIf">;
  readonly publisher: Pick<Publisher, "announce" | "sync">;
  readonly retentionRows: RetentionRows;
  readonly usageRows: Pick<UsageRows, "marked" | "recount">;
  readonly users: { read(): Promise<Roster> };
};

const isExpiredBefore = ({ status, expiredAt }: StoredImage, at: number) =>
  status === "expired" && expiredAt !== undefined && Date.parse(expiredAt) <= at;

/**
 * Every step changes what its query looks for, so that the next run goes on where this one ended.
 * @param runMs milliseconds after which no further image or month is started, and the longest that one month is counted:
 *   the host ends an invocation after five minutes, and the process with it
 */
export async function applyRetention(
  { deletion, images, originals, publisher, retentionRows, usageRows, users }: RetentionDeps,
  { log, runMs, now = Date.now() }: { log: Log; runMs: number; now?: number },
): Promise<void> {
  const startedAt = performance.now();
  const done: Record<string, number> = {};
  const run = { isCut: false };

  /** @param act returns whether it changed something */
  async function step<T extends { readonly id?: string; readonly owner: string }>(
    name: string,
    rows: () => AsyncIterable<T>,
    act: (row: T) => Promise<boolean>,
  ): Promise<void> {
    try {
      for await (const row of rows()) {
        run.isCut ||= performance.now() - startedAt >= runMs;
        if (run.isCut) return;
        try {
          if (await act(row)) done[name] = (done[name] ?? 0) + 1;
        } catch (error) {
          // One failing image must not block the others.
          log.warn("retention-failed", { step: name, image: row.id, error });
        }
      }
    } catch (error) {
      log.warn("retention-failed", { step: name, error });
    }
  }

  // Without it, the end of a retention that is from a tier may be out of date: such an image waits for a later run.
  const roster = await users.read().catch((error: unknown) => {
    log.warn("retention-failed", { step: "lengthened", error });
    return undefined;
  });
  const counts = ({ retentionFrom }: StoredImage) => roster !== undefined || retentionFrom !== "tier";

  async function expireImage(image: StoredImage) {
    if (!counts(image)) return false;
    const { owner, id, visibility } = image;
    const expiredAt = new Date(now).toISOString();
    const mark = visibility === "public" ? await publisher.announce(owner, id) : undefined;
    const changed = await images.change(owner, id, (current) => expire(current, now));
    if (mark) await publisher.sync(owner, id, mark);
    return changed?.expiredAt === expiredAt;
  }

  async function deleteImage(image: StoredImage) {
    if (!counts(image)) return false;
    const { owner, id } = image;
    // After the table was restored, only the tag has a retention that was lengthened since.
    const tag = (await originals.tags(originalBlobName(image)))?.[RETENTION_TAG];
    let restored: Partial<ImageRecord> | undefined;
    await images.change(owner, id, (current) => {
      restored = restore(current, tag, now);
      return restored;
    });
    if (restored) {
      log.warn("retention-restored", { image: id, retention: tag });
      return false;
    }
    return deletion.startIf(owner, id, (current) => isExpiredBefore(current, now - GRACE_MS));
  }

  async function tag(image: StoredImage) {
    if (image.status === "deleting") return false;
    await originals.setTags(originalBlobName(image), tagsOf(image));
    const { owner, id, retagAt } = image;
    // A later change has its own time, at which the tag is written once more.
    await images.change(owner, id, (current) => (current.retagAt === retagAt ? { retagAt: undefined } : undefined));
    return true;
  }

  async function followTiers() {
    for (const user of roster ?? []) {
      const retention = retentionOfTier(user.tier);
      const longer = (current: ImageRecord) => {
        const { createdAt, retentionFrom, status } = current;
        const isFollowing = retentionFrom === "tier" && isLonger(retention, current.retention ?? "keep");
        if (!isFollowing || status === "uploading" || isEnded({ expiresAt: expiryOf(createdAt, retention) }, now))
          return undefined;
        return retain(current, { retention, from: "tier" }, now);
      };
      if (!isLonger(retention, "90")) continue;
      await step(
        "lengthened",
        () => retentionRows.shorter(user.id, retention),
        async (image) => {
          const current = unlessDeleting(image);
          if (!current || !longer(current)) return false;
          const change = () => images.change(image.owner, image.id, longer);
          return (await changeWithTag(originals, { current, retention }, change))?.retention === retention;
        },
      );
    }
  }

  // Before the end of the old retention counts.
  await followTiers();
  await step("expired", () => retentionRows.ended(new Date(now)), expireImage);
  await step("deleted", () => retentionRows.expired(new Date(now - GRACE_MS)), deleteImage);
  await step("tagged", () => retentionRows.untagged(new Date(now)), tag);
  // Last, so that it counts what this run has changed.
  const recount = async ({ owner, month }: { owner: string; month: string }) =>
    (await usageRows.recount(owner, month, AbortSignal.timeout(runMs))).isWritten;
  await step("recounted", usageRows.marked, recount);
  log.info("retention-applied", { ...done, ...(run.isCut && { cut: true }) });
}
