// The main module of the app's process: loads the app, and runs invocations until the host ends it or has ended itself.
import { createSender, type MessageFromApp, type MessageToApp } from "./messages.ts";
import { installCore, type LogLevel } from "./worker-core.ts";
import { invoke } from "./worker-invoke.ts";
import { type HttpProxy, loadApp, loadFailure, startProxy } from "./worker-load.ts";

const root = process.argv[2] ?? ".";
const { send, flush } = createSender<MessageFromApp>((batch) => {
  if (process.connected) process.send?.(batch);
});
const exit = () => process.exit(0);
// Without its host the process would keep the app's port.
process.on("disconnect", exit);
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

/**
 * As in Azure, the appTerminate hooks run and SIGTERM reaches the app's own handlers. Without such a handler the process
 * exits at once; with one, when its event loop is empty. The host kills it if that takes too long.
 */
async function terminate(): Promise<void> {
  const hasHandler = process.emit("SIGTERM", "SIGTERM");
  try {
    await core.runHooks("appTerminate", appHookContext);
  } catch (thrown) {
    send({ kind: "log", text: `An appTerminate hook failed. ${String(thrown)}` });
  }
  flush();
  if (!hasHandler) exit();
  process.channel?.unref();
  proxy?.close();
}

process.on("message", (batch: readonly MessageToApp[]) => {
  for (const message of batch) {
    if (message.kind === "terminate") void terminate();
    else void invoke(core, message, log).then((outcome) => send({ kind: "done", ...outcome }));
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
  const broken: readonly MessageFromApp[] = [{ kind: "broken", message: loadFailure(thrown) }];
  process.send?.(broken, () => process.exit(1));
}
