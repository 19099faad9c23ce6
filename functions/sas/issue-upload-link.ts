// Issues an upload link: it creates one blob in the container of direct uploads.
import type { DelegationKeys } from "../lib/azure/delegation-keys.ts";
import type { LinkSigner } from "../lib/azure/link-signer.ts";
import { uploadBlobName } from "../lib/image.ts";
import { containers } from "../lib/names.ts";
import { CREATE, linkTimes, UPLOAD_SECONDS } from "./link-policy.ts";

/** `expiresAt` is in milliseconds since 1970. Throws DEPENDENCY_UNAVAILABLE when there is no key to sign with. */
export type IssueUploadLink = (upload: { readonly owner: string; readonly id: string }) => Promise<{
  readonly url: string;
  readonly expiresAt: number;
}>;

type Options = { readonly keys: DelegationKeys; readonly sign: LinkSigner; readonly now?: () => number };

export function createIssueUploadLink({ keys, sign, now = Date.now }: Options): IssueUploadLink {
  return async (upload) => {
    const times = linkTimes(now(), UPLOAD_SECONDS);
    const key = await keys.covering(times.expiresAt);
    const startsAt = Math.max(times.startsAt, key.validity.startsAt);
    const target = { container: containers.uploads, blob: uploadBlobName(upload), permissions: CREATE };
    return { url: await sign({ ...target, ...times, startsAt }, key), expiresAt: times.expiresAt };
  };
}
