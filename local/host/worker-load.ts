// In the app's process: loads the files of package.json `main`, and starts the library's HTTP server.
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Server } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ProgrammingModel } from "./worker-core.ts";
import { stackOf } from "./worker-invoke.ts";

/** @throws {Error} with the folder and the problem of its package.json */
export async function loadApp(root: string): Promise<void> {
  const { main } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { main?: unknown };
  const files = typeof main === "string" ? globSync(main, { cwd: root }).sort() : [];
  if (files.length === 0) {
    throw new Error(`package.json "main" in ${root} must name the app's files, received ${JSON.stringify(main)}.`);
  }
  for (const file of files) await import(pathToFileURL(join(root, file)).href);
}

/** The library's server for HTTP requests, if the app has HTTP streaming on. */
export type HttpProxy = { readonly uri: string; close(): void };

export async function startProxy(model: ProgrammingModel): Promise<HttpProxy | undefined> {
  const original = Server.prototype.listen;
  let server: Server | undefined;
  // The library listens on every interface. Here only this machine may connect, and only the host closes idle
  // connections, so that none is closed during a request.
  function listenOnLoopback(this: Server, ...args: unknown[]): Server {
    server = this;
    this.keepAliveTimeout = 0;
    const callback = args.find((argument) => typeof argument === "function") as (() => void) | undefined;
    return original.call(this, { host: "127.0.0.1", port: 0 }, callback);
  }
  Server.prototype.listen = listenOnLoopback as typeof original;
  try {
    const uri = (await model.getCapabilities?.({}))?.HttpUri;
    return uri === undefined ? undefined : { uri, close: () => void server?.close().closeAllConnections() };
  } finally {
    Server.prototype.listen = original;
  }
}

const BUILT_IN = new Set(["Error", "TypeError", "ReferenceError", "SyntaxError", "RangeError", "AggregateError"]);

/** The message of an error with a name of its own and no code is enough, such as a SettingsError. Others need the stack. */
export function loadFailure(thrown: unknown): string {
  const isReadable = thrown instanceof Error && !BUILT_IN.has(thrown.name) && !("code" in thrown);
  return isReadable ? thrown.message : `The app could not be loaded. ${stackOf(thrown)}`;
}
