// What the host and the app's process say to each other, and how: in batches, since each message over IPC is a system call.
import type { TraceContext } from "./trace-context.ts";

/** The kinds of RpcTypedData that go to the app. azure-functions-nodejs-worker, types-core/index.d.ts */
export type TypedData =
  | { readonly string: string }
  | { readonly json: string }
  | { readonly http: Record<never, never> }
  | { readonly bytes: Uint8Array };

/** What travels in their place: bytes, which messages between processes carry badly, in a file of their own. */
export type SentData = Exclude<TypedData, { readonly bytes: Uint8Array }> | { readonly bytesIn: string };

export type Binding = Readonly<Record<string, unknown>> & { readonly type: string; readonly direction: string };
export type FunctionMetadata = { readonly name: string; readonly bindings: Readonly<Record<string, Binding>> };

export type Invocation = {
  readonly id: string;
  readonly functionName: string;
  readonly data: SentData;
  readonly metadata: Readonly<Record<string, TypedData>>;
  readonly trace: TraceContext;
};

export type Outcome = {
  readonly id: string;
  /** False if the function returned nothing. */
  readonly hasResponse: boolean;
  /** The stack of the thrown error. */
  readonly failure?: string;
  /** True if the app's process ended first. */
  readonly isLost?: true;
};

export type ToApp =
  | ({ readonly kind: "invoke" } & Invocation)
  | { readonly kind: "cancel"; readonly id: string }
  | { readonly kind: "terminate" };

export type FromApp =
  | { readonly kind: "ready"; readonly functions: readonly FunctionMetadata[]; readonly httpUri: string | undefined }
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "log"; readonly text: string }
  | ({ readonly kind: "done" } & Outcome);

export type Sender<M> = { send(message: M): void; flush(): void };

/** Sends what one turn of the event loop brings together as one batch. */
export function batched<M>(deliver: (batch: readonly M[]) => void): Sender<M> {
  let queue: M[] = [];
  function flush(): void {
    if (queue.length === 0) return;
    const batch = queue;
    queue = [];
    deliver(batch);
  }
  return {
    flush,
    send(message) {
      if (queue.push(message) === 1) setImmediate(flush);
    },
  };
}
