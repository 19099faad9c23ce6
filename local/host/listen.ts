// Serves one port on both loopback addresses, since `localhost` may mean either, and on nothing else.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type Listener = {
  readonly port: number;
  /** Takes no new connection; those that are idle end. */
  stop(): void;
  /** Ends what is still connected. */
  close(): Promise<void>;
};

// Clients keep connections as long as Azure's front end lets them: a shorter time would close them under a request.
const SERVER_OPTIONS = { keepAliveTimeout: 240_000, maxHeaderSize: 32_768 };

function listening(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => resolve((server.address() as AddressInfo).port));
  });
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** @throws {Error} of one line that names the port when it is taken */
export async function listenOnLoopback(handler: RequestListener, port: number): Promise<Listener> {
  for (let attempt = 1; ; attempt += 1) {
    const [four, six] = [createServer(SERVER_OPTIONS, handler), createServer(SERVER_OPTIONS, handler)];
    try {
      const bound = await listening(four, "127.0.0.1", port);
      const both = await listening(six, "::1", bound).then(
        () => true,
        (error) => {
          // A machine without IPv6 has no ::1; anything else than that is a port that someone else has.
          if (codeOf(error) === "EADDRINUSE") throw error;
          return false;
        },
      );
      const servers = both ? [four, six] : [four];
      const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.once("close", resolve))));
      return {
        port: bound,
        stop: () => servers.forEach((server) => void server.close()),
        async close() {
          for (const server of servers) if (server.listening) server.close();
          for (const server of servers) server.closeAllConnections();
          await closed;
        },
      };
    } catch (cause) {
      four.close();
      if (codeOf(cause) !== "EADDRINUSE") throw cause;
      // A port that was free on the first address only: take another one.
      if (port === 0 && attempt < 10) continue;
      throw new Error(`Port ${port} is taken. Choose another: PORT=${port + 1} npm start`, { cause });
    }
  }
}
