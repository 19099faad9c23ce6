// What is known of a request as Node's own server received it, and for how long.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { watchReceived } from "./received.ts";

it("a request's Content-Length is known by its invocation until it is answered, and then forgotten", async () => {
  const received = watchReceived();
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask = (id: string, headers = {}) =>
    request({ port, host: "127.0.0.1", method: "POST", headers: { "x-ms-invocation-id": id, ...headers } });

  const [one, other] = [randomUUID(), randomUUID()];
  for (const [id, headers, contentLength] of [
    [one, { "content-length": 5 }, 5],
    [other, { "transfer-encoding": "chunked" }, 0],
  ] as const) {
    const asking = ask(id, headers);
    asking.on("error", () => {});
    asking.write("12345");
    const [, response] = await once(server, "request");
    expect(received(id)).toEqual({ contentLength });
    expect(received(randomUUID())).toBeUndefined();
    response.end();
    await vi.waitFor(() => expect(received(id)).toBeUndefined());
    asking.destroy();
  }
});
