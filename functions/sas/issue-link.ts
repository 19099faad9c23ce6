// Where the variants of an image lie, and what a link to one of them is allowed.
import type { LinkSigner } from "../lib/azure/link-signer.ts";
import { containers, THUMBNAIL_FILE } from "../lib/names.ts";
import { linkSpan, READ } from "./link-policy.ts";
import type { IssueLink } from "./sas-issue.ts";

export function createIssueLink(sign: LinkSigner, now: () => number = Date.now): IssueLink {
  return async ({ owner, id, filename }, variant, seconds) => {
    const at = now();
    const expiresAt = at + seconds * 1000;
    const place =
      variant === "original"
        ? { container: containers.images, blob: `${owner}/${id}/${filename}` }
        : { container: containers.thumbnails, blob: `${owner}/${id}/${THUMBNAIL_FILE}` };
    const url = await sign({
      ...place,
      permissions: READ,
      expiresAt,
      span: (key) => linkSpan(seconds, { now: at, key }),
    });
    return { url, expiresAt };
  };
}
