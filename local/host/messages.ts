// The messages between the host and the app's process. They travel in batches, since each IPC message is a system call.
import type { TraceContext } from "./trace-context.ts";

/** The kinds of RpcTypedData that the app receives. azure-functions-nodejs-worker, types-core/index.d.ts */
export type TypedData =
  | { readonly string: string }
  | { readonly json: string }
  | { readonly http: Record<never, never> }
  | { readonly bytes: Uint8Array };

/** What the host sends: bytes, which IPC transfers slowly, are in a file. */
export type InputData = Exclude<TypedData, { readonly bytes: Uint8Array }> | { readonly bytesFile: string };

export type Binding = Readonly<Record<string, unknown>> & { readonly type: string; readonly direction: string };
export type FunctionMetadata = { readonly name: string; readonly bindings: Readonly<Record<string, Binding>> };

export type Invocation = {
  readonly id: string;
  readonly functionName: string;
  readonly data: InputData;
  readonly metadata: Readonly<Record<string, TypedData>>;
  readonly trace: TraceContext;
};

export type Outcome = {
  readonly id: string;
  /** False if the function returned nothing. */
  readonly hasResponse: boolean;
  /** The stack of the thrown error. */
  readonly failure?: string;
};

export type MessageToApp = ({ readonly kind: "invoke" } & Invocation) | { readonly kind: "terminate" };

export type MessageFromApp =
  | { readonly kind: "ready"; readonly functions: readonly FunctionMetadata[]; readonly httpUri: string | undefined }
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "log"; readonly text: string }
  | ({ readonly kind: "done" } & Outcome);

export type Sender<M> = { send(message: M): void; flush(): void };

/** Sends all messages of one turn of the event loop as one batch. */
export function createSender<M>(deliver: (batch: readonly M[]) => void): Sender<M> {
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
