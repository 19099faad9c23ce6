// What a kind of trigger gets from the host, and what it provides.
import type { Connection } from "./connection.ts";
import type { Binding, InputData, Outcome, TypedData } from "./messages.ts";

export type BlobWrite = {
  readonly container: string;
  /** Decoded, without the container. */
  readonly name: string;
  /** With its quotes. */
  readonly etag: string;
  readonly type: "BlockBlob" | "PageBlob" | "AppendBlob";
};

/** The part of Event Grid that blob triggers need. */
export type BlobWrites = {
  /** Subscribers with the same name share the events. Returns the function that ends the subscription. */
  subscribe(name: string, subscriber: (write: BlobWrite) => void): () => void;
};

export type TriggerServices = {
  readonly functionName: string;
  readonly binding: Binding;
  readonly run: (data: InputData, metadata?: Readonly<Record<string, TypedData>>) => Promise<Outcome>;
  /** Replaces each %NAME% with the value of that setting. */
  readonly setting: (text: string) => string;
  /** The storage account that the binding's `connection` names. */
  readonly connection: () => Connection;
  readonly blobWrites: BlobWrites | undefined;
  /** Invocations of one blob trigger at once. */
  readonly blobParallelism: number;
  /** Milliseconds before the first retry of a failed delivery; each later retry waits longer. */
  readonly retryMs: number;
  readonly log: (line: string) => void;
};

export type Trigger = {
  start(): void;
  /** Accepts nothing new, and resolves when running functions have ended. */
  stop(): Promise<void>;
  /** Runs the function now, with the `input` of POST /admin/functions/{name}. */
  runManually(input: string | undefined): void;
};

/** @throws {Error} with the problem of the binding */
export type TriggerKind = (services: TriggerServices) => Trigger;
