// The rules of the management policies: what happens to blobs as they age. An account has one policy. Pure.
import type { StorageManagementPolicyRule } from "@cdktf/provider-azurerm/lib/storage-management-policy/index.js";
import { containers, GRACE_DAYS, RETENTION_TAG, retentions } from "../functions/lib/names.ts";
import type { StageConfig } from "./config-schema.ts";
import { deploymentContainers } from "./naming.ts";

/**
 * Days for the app to expire and delete an image before a rule does, should its timer not run: the tag alone must not end
 * the seven days in which an expired image can be brought back.
 */
const MARGIN_DAYS = 30;

type Rule = {
  readonly name: string;
  readonly prefixes: readonly string[];
  /** Index tag that a blob must have. */
  readonly tag?: { readonly name: string; readonly value: string };
  readonly actions: StorageManagementPolicyRule["actions"];
};

const rule = ({ name, prefixes, tag, actions }: Rule): StorageManagementPolicyRule => ({
  name,
  enabled: true,
  filters: {
    blobTypes: ["blockBlob"],
    ...(prefixes.length > 0 && { prefixMatch: [...prefixes] }),
    ...(tag && { matchBlobIndexTag: [{ name: tag.name, operation: "==", value: tag.value }] }),
  },
  actions,
});

/** A deleted or overwritten blob remains as an old version, and a deleted version remains soft-deleted for a week. */
export function mediaLifecycle(lifecycle: StageConfig["lifecycle"]): StorageManagementPolicyRule[] {
  const originals = `${containers.images}/`;
  const { archiveAfter } = lifecycle;
  return [
    rule({
      name: "cool-then-cold",
      // Not thumbnails: they are small and often read, so moving them would cost more than it saves.
      prefixes: [originals],
      actions: {
        baseBlob: {
          tierToCoolAfterDaysSinceCreationGreaterThan: lifecycle.coolAfter,
          tierToColdAfterDaysSinceCreationGreaterThan: lifecycle.coldAfter,
          ...(archiveAfter !== undefined && { tierToArchiveAfterDaysSinceCreationGreaterThan: archiveAfter }),
        },
      },
    }),
    rule({
      name: "old-versions",
      prefixes: [originals, `${containers.thumbnails}/`],
      actions: { version: { deleteAfterDaysSinceCreation: lifecycle.oldVersions } },
    }),
    ...retentions.flatMap((retention) => {
      if (retention === "keep") return [];
      const days = Number(retention) + GRACE_DAYS + MARGIN_DAYS;
      return rule({
        name: `retention-${retention}`,
        // The app deletes these images. This removes what it has not, for example because their records were lost.
        prefixes: [originals],
        tag: { name: RETENTION_TAG, value: retention },
        actions: { baseBlob: { deleteAfterDaysSinceCreationGreaterThan: days } },
      });
    }),
    rule({
      name: "direct-uploads",
      // What the app has not removed: it keeps an upload for an hour.
      prefixes: [`${containers.uploads}/`],
      actions: {
        baseBlob: { deleteAfterDaysSinceCreationGreaterThan: 1 },
        snapshot: { deleteAfterDaysSinceCreationGreaterThan: 1 },
        version: { deleteAfterDaysSinceCreation: 1 },
      },
    }),
  ];
}

/** For the host's account: keeps undelivered events for a month, and versions of its often-written files for a week. */
export function hostLifecycle(): StorageManagementPolicyRule[] {
  return [
    rule({
      name: "dead-letters",
      prefixes: [`${deploymentContainers.deadLetters}/`],
      actions: { baseBlob: { deleteAfterDaysSinceCreationGreaterThan: 30 } },
    }),
    rule({ name: "old-versions", prefixes: [], actions: { version: { deleteAfterDaysSinceCreation: 7 } } }),
  ];
}
