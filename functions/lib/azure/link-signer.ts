// Signs links to blobs with a user-delegation key: no account key anywhere, and no network call while a key is fresh.
import type { UserDelegationKey } from "@azure/storage-blob";
import { AppError } from "../errors.ts";
import type { BlobService } from "./blobs.ts";

/** Milliseconds since 1970. */
type Span = { readonly startsAt: number; readonly expiresAt: number };

export type KeyRules = {
  /** When a key asked for now should be valid. */
  readonly span: (now: number) => Span;
  /** Whether a key may sign a link that ends then. */
  readonly covers: (key: Span, linkExpiresAt: number) => boolean;
  /** Whether a key should be replaced. */
  readonly isAging: (key: Span, now: number) => boolean;
};

export type LinkRequest = {
  readonly container: string;
  readonly blob: string;
  /** SAS permission letters. */
  readonly permissions: string;
  /** When the link is valid, given when its key is. */
  readonly span: (key: Span) => Span;
  /** Milliseconds since 1970 until when a key must be good. */
  readonly expiresAt: number;
};

export type LinkSigner = (link: LinkRequest) => Promise<string>;

type Options = {
  readonly service: BlobService;
  readonly rules: KeyRules;
  /** What stands before /container/blob in the links; the store's own address unless given. */
  readonly baseUrl: string | undefined;
  readonly now?: () => number;
};

const CALL_MS = 10_000;
const RETRY_MS = 60_000;

/**
 * @returns signs one link and returns its URL; throws DEPENDENCY_UNAVAILABLE when no key can be had
 */
export function createLinkSigner({ service, rules, baseUrl, now = Date.now }: Options): LinkSigner {
  type Key = { readonly key: UserDelegationKey; readonly span: Span };
  let current: Key | undefined;
  let asking: Promise<Key> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<Key> {
    askedAt = now();
    const { startsAt, expiresAt } = rules.span(askedAt);
    const [start, end] = [new Date(startsAt), new Date(expiresAt)];
    const abortSignal = AbortSignal.timeout(CALL_MS);
    const { client } = await service();
    const key = await client.getUserDelegationKey(start, end, { abortSignal }).catch((cause: unknown) => {
      throw new AppError("DEPENDENCY_UNAVAILABLE", "No user-delegation key", { cause, retryAfter: 5 });
    });
    current = { key, span: { startsAt: key.signedStartsOn.getTime(), expiresAt: key.signedExpiresOn.getTime() } };
    return current;
  }
  /** One caller asks; the others share its answer. */
  function askOnce(): Promise<Key> {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  async function keyFor(expiresAt: number): Promise<Key> {
    if (!current || !rules.covers(current.span, expiresAt)) {
      const fresh = await askOnce();
      if (rules.covers(fresh.span, expiresAt)) return fresh;
      // The link would die before its time, and nobody could tell why.
      throw new AppError("DEPENDENCY_UNAVAILABLE", "The user-delegation key ends too early", { retryAfter: 5 });
    }
    // The key still serves: whoever notices its age replaces it behind everybody's back, and a failure is tried again.
    if (rules.isAging(current.span, now()) && now() - askedAt > RETRY_MS) askOnce().catch(() => undefined);
    return current;
  }

  return async ({ container, blob, permissions, span, expiresAt }) => {
    const { key, span: keySpan } = await keyFor(expiresAt);
    const { startsAt, expiresAt: endsAt } = span(keySpan);
    const { client, sdk } = await service();
    // Only the laptop's store is reached over plain HTTP, through the local host.
    const local = new URL(client.url).hostname === "127.0.0.1";
    const query = sdk.generateBlobSASQueryParameters(
      {
        containerName: container,
        blobName: blob,
        permissions: sdk.BlobSASPermissions.parse(permissions),
        startsOn: new Date(startsAt),
        expiresOn: new Date(endsAt),
        ...(!local && { protocol: sdk.SASProtocol.Https }),
      },
      key,
      client.accountName,
    );
    const url = client.getContainerClient(container).getBlobClient(blob).url;
    const store = client.url.replace(/\/+$/, "");
    return `${baseUrl?.replace(/\/+$/, "") ?? store}${url.slice(store.length)}?${query}`;
  };
}
