// Makes servers listen on loopback only: the tokens and links of the local Azure must not work from another machine.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export const LOOPBACK = "127.0.0.1";
/** As of Azure's front end. With Node's default of five seconds, a connection can close while the next request is sent. */
export const KEEP_ALIVE_MS = 240_000;

export type Listening = {
  readonly port: number;
  /** Accepts no new connection and closes those that are idle. */
  stop(): void;
  /** Stops listening and closes all connections. */
  close(): Promise<void>;
};

/**
 * Listens on the given port, or on any free one for 0.
 * @throws {Error} one line with the name and the port if the port is in use
 */
export async function listen(server: Server, name: string, port = 0, address = LOOPBACK): Promise<Listening> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === "EADDRINUSE" ? "it is in use" : cause.message;
      reject(new Error(`${name} cannot listen on port ${port}: ${reason}.`, { cause }));
    });
    server.listen(port, address, resolve);
  });
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => void server.close(),
    close() {
      if (server.listening) server.close();
      server.closeAllConnections();
      return closed;
    },
  };
}

const HOST_OPTIONS = { maxHeaderSize: 32_768 };
const ATTEMPTS = 10;

/** Passes on any Expect, as Kestrel does: without this listener Node.js would itself respond with 417. */
const create = (handler: RequestListener): Server =>
  createServer(HOST_OPTIONS, handler).on("checkExpectation", handler);

/**
 * Listens on one port of both loopback addresses, since `localhost` may mean either.
 * @throws {Error} as `listen` does
 */
export async function listenOnLocalhost(handler: RequestListener, name: string, port: number): Promise<Listening> {
  for (let attempt = 1; ; attempt += 1) {
    const four = await listen(create(handler), name, port);
    const both = [four];
    try {
      both.push(await listen(create(handler), name, four.port, "::1"));
    } catch (error) {
      // Any other error means that the machine has no IPv6.
      if (isInUse(error)) {
        await four.close();
        if (port === 0 && attempt < ATTEMPTS) continue;
        throw error;
      }
    }
    return {
      port: four.port,
      stop: () => both.forEach((each) => void each.stop()),
      close: async () => void (await Promise.all(both.map((each) => each.close()))),
    };
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE";
}
