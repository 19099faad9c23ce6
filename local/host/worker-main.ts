// The app's process: loads the app, then runs the invocations that the host sends, until it is told to end or the host is gone.
import { batched, type FromApp, type ToApp } from "./messages.ts";
import { installCore, type LogLevel } from "./worker-core.ts";
import { CALLER_GONE, invoke } from "./worker-invoke.ts";
import { type HttpProxy, loadApp, loadFailure, startProxy } from "./worker-load.ts";

const root = process.argv[2] ?? ".";
const { send, flush } = batched<FromApp>((batch) => {
  if (process.connected) process.send?.(batch);
});
// Orphans would keep the app's port, and its work, to themselves.
const leave = () => process.exit(0);
process.on("disconnect", leave);
process.on("exit", flush);
const isQuiet = (level: LogLevel) => level === "trace" || level === "debug" || level === "none";
function log(level: LogLevel, text: string): void {
  if (!isQuiet(level)) send({ kind: "log", text });
}
const core = installCore((level, message) => {
  if (level !== "information") log(level, message);
});
const appHookContext = { hookData: core.hookData.appLevel, appHookData: core.hookData.everywhere };
let proxy: HttpProxy | undefined;
const waiting = new Map<string, (reason: Error) => void>();

/**
 * As in Azure, the appTerminate hooks run and SIGTERM reaches the app's own handlers. Without such a handler the process
 * ends at once; with one, when its work has run out. The host ends it by force if that takes too long.
 */
async function terminate(): Promise<void> {
  const hasHandler = process.emit("SIGTERM", "SIGTERM");
  try {
    await core.runHooks("appTerminate", appHookContext);
  } catch (thrown) {
    send({ kind: "log", text: `An appTerminate hook failed. ${String(thrown)}` });
  }
  flush();
  if (!hasHandler) leave();
  process.channel?.unref();
  proxy?.close();
}

process.on("message", (batch: readonly ToApp[]) => {
  for (const message of batch) {
    if (message.kind === "terminate") void terminate();
    else if (message.kind === "cancel") waiting.get(message.id)?.(CALLER_GONE);
    else {
      const gone = Promise.withResolvers<never>();
      waiting.set(message.id, gone.reject);
      const onStart = () => waiting.delete(message.id);
      void invoke(core, message, { log, gone: gone.promise, onStart }).then((outcome) => {
        onStart();
        send({ kind: "done", ...outcome });
      });
    }
  }
});

try {
  await loadApp(root);
  await core.runHooks("appStart", { ...appHookContext, functionAppDirectory: root });
  core.lock();
  const model = core.model();
  proxy = model && (await startProxy(model));
  const functions = [...core.functions.values()].map(({ metadata }) => metadata);
  send({ kind: "ready", functions, httpUri: proxy?.uri });
} catch (thrown) {
  flush();
  const broken: readonly FromApp[] = [{ kind: "broken", message: loadFailure(thrown) }];
  process.send?.(broken, () => process.exit(1));
}
