// What Event Grid does for the media account: tells each write of a blob to whoever subscribed; on demand not, twice or late.

import { blobWriteOf } from "./blob-write.ts";
import { startFaultProxy } from "./fault-proxy.fixture.ts";
import type { BlobWrite, BlobWrites } from "./host/blob-writes.ts";

export type Verdict =
  | "deliver"
  /** Nobody hears of it. */
  | "drop"
  /** At least once can be twice. */
  | "double"
  /** Late: delivered when the promise settles. Two that are held can be let go in any order. */
  | { readonly holdUntil: Promise<unknown> };

export type BlobEvents = BlobWrites & {
  /** The address of the blob service: what is written through it is told. */
  readonly uri: string;
  /** Asked for each write from now on; undefined delivers everything. */
  decide(rule: ((write: BlobWrite) => Verdict | undefined) | undefined): void;
  close(): Promise<void>;
};

type Options = { target: string; certificate: { cert: string; key: string }; port?: number };

/** Events are of this process only: what was written before, or while nobody had subscribed, is told to nobody. */
export async function startBlobEvents(options: Options): Promise<BlobEvents> {
  /** By subscription; the instances of one app share theirs, and each event goes to one of them. */
  const subscriptions = new Map<string, ((write: BlobWrite) => void)[]>();
  let rule: ((write: BlobWrite) => Verdict | undefined) | undefined;

  function tell(write: BlobWrite): void {
    for (const [name, [first, ...others]] of subscriptions) {
      if (!first) continue;
      subscriptions.set(name, [...others, first]);
      first(write);
    }
  }

  function raise(write: BlobWrite): void {
    const verdict = rule?.(write) ?? "deliver";
    if (verdict === "drop") return;
    if (typeof verdict === "object") {
      const release = () => tell(write);
      verdict.holdUntil.then(release, release);
      return;
    }
    tell(write);
    if (verdict === "double") tell(write);
  }

  const proxy = await startFaultProxy({
    ...options,
    name: "The blob service",
    onAnswer: (request, { status, headers }) => {
      const write = blobWriteOf({ ...request, status, etag: headers.etag });
      if (write) raise(write);
    },
  });

  return {
    uri: proxy.url,
    subscribe(name, deliver) {
      subscriptions.set(name, [...(subscriptions.get(name) ?? []), deliver]);
      return () => {
        subscriptions.set(
          name,
          (subscriptions.get(name) ?? []).filter((each) => each !== deliver),
        );
      };
    },
    decide: (next) => {
      rule = next;
    },
    close: proxy.close,
  };
}
