// Issues a read link to one variant of an image.
import type { DelegationKeys } from "../lib/azure/delegation-keys.ts";
import type { LinkSigner } from "../lib/azure/link-signer.ts";
import type { ImageRecord } from "../lib/image.ts";
import { locateVariant } from "../lib/image-variants.ts";
import { linkTimes, READ, stableLinkTimes } from "./link-policy.ts";

export type LinkableImage = Pick<ImageRecord, "owner" | "id" | "filename">;

export type LinkOptions = {
  readonly seconds: number;
  /** Returns the same URL for a while, from every instance. */
  readonly isStable: boolean;
};

/**
 * `variant` is `original`, `thumbnail` or the name of a variant. `expiresAt` is in milliseconds since 1970.
 * Throws DEPENDENCY_UNAVAILABLE when there is no key to sign with.
 */
export type IssueLink = (
  image: LinkableImage,
  variant: string,
  options: LinkOptions,
) => Promise<{ url: string; expiresAt: number }>;

type Options = { readonly keys: DelegationKeys; readonly sign: LinkSigner; readonly now?: () => number };

export function createIssueLink({ keys, sign, now = Date.now }: Options): IssueLink {
  return async (image, variant, { seconds, isStable }) => {
    const { expiresAt, windowStart, ...times } = (isStable ? stableLinkTimes : linkTimes)(now(), seconds);
    const key = await keys.covering(expiresAt, windowStart);
    // A link never starts before its key.
    const startsAt = Math.max(times.startsAt, key.validity.startsAt);
    const target = locateVariant(image, variant);
    return { url: await sign({ ...target, permissions: READ, startsAt, expiresAt }, key), expiresAt };
  };
}
