// A child process with one functions host, as one instance in Azure.
import { startHost } from "../local/host/host.ts";
import { type Child, serveParent, startChild } from "./child.ts";

/** `env` is the environment of the app's process. */
export type HostRequest = { readonly root: string; readonly env: Record<string, string> };

/** @returns a child that starts the host and returns its address */
export const startHostChild = (env?: Readonly<Record<string, string>>): Child<HostRequest, string> =>
  startChild(new URL(import.meta.url), env && { env });

let close: () => Promise<void> = async () => undefined;
if (process.argv[1] === import.meta.filename)
  serveParent<HostRequest, string>(
    async ({ root, env }) => {
      const host = await startHost({ root, env, port: 0, log: () => undefined });
      close = host.close;
      return host.url;
    },
    () => close(),
  );
