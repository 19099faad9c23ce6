// What becomes of blobs as they age: rules for the one policy that an account can have. Pure.
import type { StorageManagementPolicyRule } from "@cdktf/provider-azurerm/lib/storage-management-policy/index.js";
import { containers } from "../functions/lib/names.ts";
import type { StageConfig } from "./config.ts";
import { deploymentContainers } from "./naming.ts";

type Rule = {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly tag?: { readonly name: string; readonly value: string };
  readonly actions: StorageManagementPolicyRule["actions"];
};

const rule = ({ name, prefixes, tag, actions }: Rule): StorageManagementPolicyRule => ({
  name,
  enabled: true,
  filters: {
    blobTypes: ["blockBlob"],
    ...(prefixes.length > 0 && { prefixMatch: [...prefixes] }),
    ...(tag && { matchBlobIndexTag: [{ ...tag, operation: "==" }] }),
  },
  actions,
});

/**
 * Pictures end only where they are tagged to end; a picture without the tag, or with `keep`, stays. A deleted or
 * overwritten blob lives on as an old version, and that for some days as a soft-deleted one.
 */
export function mediaLifecycle(lifecycle: StageConfig["lifecycle"]): StorageManagementPolicyRule[] {
  const originals = `${containers.images}/`;
  const pictures = [originals, `${containers.thumbnails}/`];
  const { archiveAfter, stagedUploads } = lifecycle;
  return [
    ...lifecycle.retention.map((days) =>
      rule({
        name: `retention-${days}`,
        prefixes: pictures,
        tag: { name: "retention", value: String(days) },
        actions: { baseBlob: { deleteAfterDaysSinceCreationGreaterThan: days } },
      }),
    ),
    rule({
      name: "cool-then-cold",
      // Thumbnails are a few kilobytes each, read by every page: moving them would cost more than it saves.
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
      prefixes: pictures,
      actions: { version: { deleteAfterDaysSinceCreation: lifecycle.oldVersions } },
    }),
    rule({
      name: "staged-uploads",
      prefixes: [`${deploymentContainers.uploads}/`],
      actions: {
        baseBlob: { deleteAfterDaysSinceCreationGreaterThan: stagedUploads },
        version: { deleteAfterDaysSinceCreation: stagedUploads },
      },
    }),
  ];
}

/** Of the host's account: undelivered events are looked at within a month or never, and its own files change often. */
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
