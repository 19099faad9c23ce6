// The timer that compares all records with all blobs, in pages from a stored marker. It never removes an original, nor the
// record of an acknowledged image: docs/decisions/041.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import type { Decoder } from "../lib/decode/decoder.ts";
import type { ImageRecords } from "../lib/image.ts";
import type { Log } from "../lib/log.ts";
import { alertLines } from "../lib/names.ts";
import { createAreas, type Finding } from "./audit-areas.ts";
import { advance, currentPass, isStopped, type Pass } from "./audit-pass.ts";
import { createAuditRow } from "./audit-row.ts";
import { recoverRecord } from "./recover-record.ts";

/** Names of a run: the next one goes on. */
const MAX_NAMES = 5_000;

export type ImageAudit = {
  /** Never rejects. @param options `runMs`: milliseconds after which no further page is read */
  run(options: { log: Log; runMs: number; now?: number }): Promise<void>;
};

type Options = {
  readonly table: TableClient;
  readonly records: Pick<ImageRecords, "changeStored" | "create">;
  readonly originals: Pick<BlobContainer, "etag" | "list" | "page" | "properties" | "readUnchanged">;
  readonly thumbnails: Pick<BlobContainer, "page" | "remove">;
  readonly decoder: Pick<Decoder, "decode">;
  /** Images that a pass may repair, instead of 20 and 5 %. */
  readonly repairLimit: number | undefined;
};

export function createImageAudit({ table, repairLimit, ...stores }: Options): ImageAudit {
  const row = createAuditRow(table);
  const areas = createAreas({ table, ...stores });

  async function repair(finding: Finding): Promise<string | undefined> {
    switch (finding.kind) {
      case "original-missing":
        return undefined;
      case "record-missing": {
        const { owner, id, filename } = finding;
        return recoverRecord(finding.original, { owner, id, filename }, stores);
      }
      case "image-missing":
        // Only in the version that was listed.
        for (const { name, etag } of finding.variants) await stores.thumbnails.remove(name, { etag });
        return "variants-removed";
    }
  }

  async function repairAll(findings: readonly Finding[], log: Log): Promise<void> {
    for (const finding of findings) {
      const { id: image, kind } = finding;
      try {
        const outcome = await repair(finding);
        if (outcome === "unreadable") log.warn("original-unreadable", { image });
        else if (outcome) log.info("image-repaired", { image, outcome });
      } catch (error) {
        // One failing image must not block the others. The next pass finds it again.
        log.warn("image-repair-failed", { image, kind, error });
      }
    }
  }

  function report({ images, differences, missing, limit, ...pass }: Pass, log: Log): void {
    const fields = { images, differences, originals_missing: missing, limit };
    if (isStopped({ images, differences, missing, limit, ...pass }))
      log.error(alertLines.libraryDiffers, { ...fields, changed: false });
    else if (missing > 0) log.error(alertLines.libraryDiffers, { ...fields, changed: pass.repaired > 0 });
    else log.info("images-audited", { ...fields, repaired: pass.repaired });
  }

  async function run({ log, runMs, now }: { log: Log; runMs: number; now: number }): Promise<void> {
    const startedAt = performance.now();
    const stored = await row.read();
    let pass = currentPass(stored?.pass, now, repairLimit);
    let etag = stored?.etag;
    for (let left = MAX_NAMES; pass && left > 0 && performance.now() - startedAt < runMs; ) {
      const { phase, area, from, lastImage } = pass;
      const page = await areas[area]({ max: left, from, lastImage, now });
      left -= Math.max(1, page.names);
      pass = advance(pass, page, repairLimit);
      // Before the repairs: they count also when this process ends, and of two instances only one goes on.
      etag = await row.write(pass, etag);
      if (etag === undefined) return;
      for (const { kind, id: image } of page.findings)
        if (phase === "count") log.warn("image-differs", { image, kind });
      if (phase === "repair" && !isStopped(pass)) await repairAll(page.findings, log);
      if (pass.phase === "done") {
        report(pass, log);
        return;
      }
    }
  }

  return {
    run: ({ log, runMs, now = Date.now() }) =>
      run({ log, runMs, now }).catch((error: unknown) => log.warn("image-audit-failed", { error })),
  };
}
