// The bound of what is read after a response.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { drainAfterResponse } from "./drain.ts";

it("sends the response, then closes a connection whose body does not end", async () => {
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    drainAfterResponse(request, response, 16 * 2 ** 20);
    await once(request, "readable");
    request.read(1);
    response.writeHead(401).end();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");

  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let received = "";
  socket.on("data", (bytes) => {
    received += bytes;
  });
  socket.on("error", () => {});
  const isClosed = new Promise((resolve) => socket.once("close", resolve));
  socket.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(2 ** 20), Buffer.from("\r\n")]);
  const send = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", send);
  send();
  await isClosed;
  expect(received).toMatch(/^HTTP\/1.1 401 /);
});
