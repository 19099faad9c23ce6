// Puts a server on loopback and takes it off again: every local service listens through here, so none is reachable from outside.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Only this machine may reach the local Azure: its tokens and links would open it to anyone else. */
export const LOOPBACK = "127.0.0.1";

export type Listening = {
  port: number;
  /** Stops listening and ends what is still connected. */
  close(): Promise<void>;
};

/** Listens on the given port, or a free one for 0. Throws one readable line if the port is taken. */
export async function listen(server: Server, name: string, port = 0): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "it is taken" : cause.message;
      reject(new Error(`${name} cannot listen on port ${port}: ${why}.`, { cause }));
    });
    server.listen(port, LOOPBACK, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
