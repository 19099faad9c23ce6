// Where the variants of an image lie, and what a link to one of them is allowed.
import type { LinkSigner } from "../lib/azure/link-signer.ts";
import { containers, THUMBNAIL_FILE } from "../lib/names.ts";
import { linkSpan, READ } from "./link-policy.ts";
import type { IssueLink } from "./sas-issue.ts";

export function createIssueLink(sign: LinkSigner, now: () => number = Date.now): IssueLink {
  return async ({ owner, id, filename }, variant, seconds) => {
    // A signature counts whole seconds: rounded up, a link lasts as long as was asked for and ends when it says.
    const at = Math.ceil(now() / 1000) * 1000;
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
