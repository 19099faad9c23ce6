// The app's process as the host sees it: starts it, and turns messages into calls.
import { type ChildProcess, fork } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { compileCacheEnv } from "../compile-cache.ts";
import {
  createSender,
  type FunctionMetadata,
  type Invocation,
  type MessageFromApp,
  type MessageToApp,
  type Outcome,
} from "./messages.ts";

export type WorkerOptions = {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
};

export type Worker = {
  readonly functions: readonly FunctionMetadata[];
  /** The port of the library's HTTP server; undefined without HTTP streaming. */
  readonly httpPort: number | undefined;
  /** Resolves in any case: with a failure if the process ends first. */
  invoke(invocation: Invocation): Promise<Outcome>;
  running(): number;
  /** Resolves with the exit code or signal when the process has ended. */
  readonly ended: Promise<string>;
  /** Lets the app finish, and kills it after that many milliseconds; for 0 at once, as a crash would. */
  stop(milliseconds: number): Promise<void>;
};

const LAST_LINES_MS = 300;
const MAIN = fileURLToPath(new URL("./worker-main.ts", import.meta.url));

function logOutput(child: ChildProcess, log: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on("line", log);
}

/** @throws {Error} with the app's own message when it does not load */
export async function startWorker({ root, env, log }: WorkerOptions): Promise<Worker> {
  // A process group of its own: Ctrl-C in a terminal reaches only the host, which lets the app finish first.
  const detached = process.platform !== "win32";
  const child = fork(MAIN, [root], {
    cwd: root,
    env: { ...compileCacheEnv(), ...env },
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached,
  });
  logOutput(child, log);
  const { send } = createSender<MessageToApp>((batch) => {
    // Errors are ignored: the end of the process is reported by its "exit" event.
    if (child.connected) child.send([...batch], () => {});
  });
  const pending = new Map<string, (outcome: Outcome) => void>();
  const ready = Promise.withResolvers<Extract<MessageFromApp, { kind: "ready" }>>();
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => child.pid === undefined && resolve(error.message));
    child.on("exit", (code, signal) => {
      const reason = signal ? `signal ${signal}` : `exit code ${code}`;
      // "close" comes after the last line of output, but not while a process that the app started keeps the pipe open.
      child.on("close", () => resolve(reason));
      setTimeout(resolve, LAST_LINES_MS, reason);
    });
  });
  void ended.then((reason) => {
    ready.reject(new Error(`The app's process ended before the app was loaded (${reason}).`));
    const failure = `The app's process ended (${reason}).`;
    for (const [id, settle] of pending) settle({ id, hasResponse: false, failure });
    pending.clear();
  });

  child.on("message", (batch) => {
    for (const message of batch as readonly MessageFromApp[]) {
      if (message.kind === "done") {
        pending.get(message.id)?.(message);
        pending.delete(message.id);
      } else if (message.kind === "log") for (const line of message.text.split("\n")) log(line);
      else if (message.kind === "ready") ready.resolve(message);
      else ready.reject(new Error(message.message));
    }
  });

  const { functions, httpUri } = await ready.promise.catch(async (error) => {
    await ended;
    throw error;
  });
  return {
    functions,
    httpPort: httpUri === undefined ? undefined : Number(new URL(httpUri).port),
    ended,
    running: () => pending.size,
    invoke: (invocation) =>
      new Promise((resolve) => {
        if (!child.connected) {
          const failure = "The app's process has ended.";
          return resolve({ id: invocation.id, hasResponse: false, failure });
        }
        pending.set(invocation.id, resolve);
        send({ kind: "invoke", ...invocation });
      }),
    async stop(milliseconds) {
      if (milliseconds <= 0) child.kill("SIGKILL");
      else send({ kind: "terminate" });
      const force = setTimeout(() => child.kill("SIGKILL"), milliseconds);
      await ended;
      clearTimeout(force);
    },
  };
}
