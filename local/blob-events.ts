// Event Grid for the media account: delivers each blob write to the subscribers. Tests drop, double and delay events.
// https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage#list-of-events-for-blob-rest-apis
import type { IncomingMessage } from "node:http";
import { ACCOUNT } from "./azurite.ts";
import type { BlobWrite, BlobWrites } from "./host/trigger.ts";
import { type ProxyOptions, startProxy } from "./proxy.ts";

export type DeliveryMode =
  | "deliver"
  | "drop"
  /** Event Grid delivers at least once, so sometimes twice. */
  | "double"
  /** Delivered when the promise settles. Events that are held can be released in any order. */
  | { readonly holdUntil: Promise<unknown> };

type Rule = (write: BlobWrite) => DeliveryMode | undefined;

export type BlobEvents = BlobWrites & {
  /** Address of the blob service. Only writes through this address raise events. */
  readonly uri: string;
  /** Sets the rule for each later write; undefined delivers everything. */
  decide(rule: Rule | undefined): void;
  close(): Promise<void>;
};

/** Events exist in this process only: a write before the first subscription is delivered to no subscriber. */
export async function startBlobEvents(
  options: Pick<ProxyOptions, "target" | "certificate" | "port">,
): Promise<BlobEvents> {
  /** By subscription name. The instances of one app share a name, and each event goes to one of them in turn. */
  const subscriptions = new Map<string, ((write: BlobWrite) => void)[]>();
  let rule: Rule | undefined;

  function deliver(write: BlobWrite): void {
    for (const [name, [first, ...others]] of subscriptions) {
      if (!first) continue;
      subscriptions.set(name, [...others, first]);
      first(write);
    }
  }

  function raise(write: BlobWrite): void {
    const mode = rule?.(write) ?? "deliver";
    if (mode === "drop") return;
    if (typeof mode === "object") {
      const release = () => deliver(write);
      mode.holdUntil.then(release, release);
      return;
    }
    deliver(write);
    if (mode === "double") deliver(write);
  }

  const proxy = await startProxy({
    ...options,
    name: "The blob service",
    onResponse(incoming, received) {
      const write = blobWriteOf(incoming, received);
      if (write) raise(write);
    },
  });

  return {
    uri: proxy.url,
    subscribe(name, subscriber) {
      subscriptions.set(name, [...(subscriptions.get(name) ?? []), subscriber]);
      return () => {
        const remaining = subscriptions.get(name)?.filter((each) => each !== subscriber);
        subscriptions.set(name, remaining ?? []);
      };
    },
    decide: (next) => {
      rule = next;
    },
    close: proxy.close,
  };
}

const BLOB_TYPES = ["BlockBlob", "PageBlob", "AppendBlob"] as const;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The write that raises BlobCreated; undefined for a failed call, or one that does not replace a blob's whole content. */
function blobWriteOf(incoming: IncomingMessage, received: IncomingMessage): BlobWrite | undefined {
  const { method, url = "", headers } = incoming;
  if (method !== "PUT" || (received.statusCode !== 201 && received.statusCode !== 202)) return undefined;
  const { pathname, searchParams } = URL.parse(url, "https://blobs") ?? new URL("https://blobs");
  // Put Blob and the copies have no comp; Put Block, properties, metadata, tags and leases have another value.
  const operation = searchParams.get("comp") ?? "";
  if (searchParams.has("restype") || (operation !== "" && operation !== "blocklist")) return undefined;
  const [, account, container, ...name] = pathname.split("/").map(decode);
  if (account !== ACCOUNT || !container || name.length === 0) return undefined;
  const type = BLOB_TYPES.find((each) => each === headers["x-ms-blob-type"]) ?? "BlockBlob";
  return { container, name: name.join("/"), etag: received.headers.etag ?? "", type };
}
