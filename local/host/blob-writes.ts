// What the host is told of blobs that were written, and by whom: the part of Event Grid that blob triggers need.

export type BlobWrite = {
  readonly container: string;
  /** Below the container, decoded. */
  readonly name: string;
  /** With its quotes. */
  readonly etag: string;
  readonly type: "BlockBlob" | "PageBlob" | "AppendBlob";
};

export type BlobWrites = {
  /** Several subscribers of one name share its events. Returns what ends the subscription. */
  subscribe(name: string, deliver: (write: BlobWrite) => void): () => void;
};
