// Ends a connection whose client still sends after it was answered, so that the client gets the answer and no reset.
import type { IncomingMessage } from "node:http";

/** What may still come is thrown away up to here; a client that was about to finish can then read its answer. */
const LINGER_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 2000;

/**
 * node:http closes the socket behind an answer with `Connection: close`, and closing with unread bytes is a reset, which
 * can overtake the answer on its way. Here the answer's end is said first (a half-close), a little more is read, and the
 * rest stays unread until the client goes or the time is up.
 * https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function closeGently(incoming: IncomingMessage): void {
  const { socket } = incoming;
  const closeNow = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (incoming.complete) return closeNow();
    socket.end();
    let left = LINGER_BYTES;
    incoming.on("data", (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) incoming.pause();
    });
    incoming.resume();
    incoming.once("end", closeNow);
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(cut));
  };
}
