// What a download reads, and that any server without a usable response causes one and the same error.
import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { fileBytes, IMAGE_URL, openDownloads, redirectTo } from "./download.fixture.ts";
import { newCertificate, PUBLIC_ADDRESS } from "./public-server.fixture.ts";

const server = await openDownloads();
const { failureOf, network, open, read } = server;
beforeEach(server.reset);
afterAll(() => server.close());

/** Sends bytes as they are, instead of a well-formed response. */
const raw =
  (text: string, end = false): RequestListener =>
  (_, { socket }) =>
    void (end ? socket?.end(text) : socket?.write(text));

describe("a download", () => {
  it("reads the file over a verified connection to the checked addresses, without credentials", async () => {
    server.addresses["images.example.com"] = [PUBLIC_ADDRESS, "2606:4700::1111"];
    server.respond((request, response) => void response.end(JSON.stringify(request.headers)));
    const headers = JSON.parse((await read()).toString());
    expect(headers).toEqual({
      host: "images.example.com",
      accept: "image/*",
      "accept-encoding": "identity",
      "user-agent": "Vitae",
      connection: "close",
    });
    expect(server.received).toEqual(["images.example.com/a.png?sig=x"]);
    expect(server.serverNames).toEqual(["images.example.com"]);
    expect(server.pinned).toEqual([
      [
        { address: PUBLIC_ADDRESS, family: 4 },
        { address: "2606:4700::1111", family: 6 },
      ],
      { address: PUBLIC_ADDRESS, family: 4 },
    ]);
  });

  it("names the host without its last dot, in the certificate's and in HTTP's name", async () => {
    expect(await read("https://images.example.com./a.png")).toEqual(fileBytes);
    expect(server.received).toEqual(["images.example.com/a.png"]);
    expect(server.serverNames).toEqual(["images.example.com"]);
  });

  it("reports the announced length before it reads", async () => {
    expect(await open()(IMAGE_URL, async ({ contentLength }) => contentLength)).toBe(fileBytes.length);
  });

  it("follows three redirects, relative ones and to other hosts too", async () => {
    const locations = ["/b", "https://cdn.example.com/c", "d"];
    server.respond((request, response) => {
      const location = locations.shift();
      location ? redirectTo(location)(request, response) : response.end(fileBytes);
    });
    expect(await read()).toEqual(fileBytes);
    expect(server.received.slice(1)).toEqual(["images.example.com/b", "cdn.example.com/c", "cdn.example.com/d"]);
  });
});

describe("a server without a usable response", () => {
  const other = newCertificate("images.example.com");
  const cases: [name: string, prepare: () => unknown, maxMs?: number][] = [
    ["refuses the connection", () => Object.assign(network, { port: 1 })],
    ["resets the connection", () => server.respond((request) => request.socket.destroy())],
    ["has a certificate of another authority", async () => Object.assign(network, { ca: (await other).cert })],
    ["does not speak HTTP", () => server.respond(raw("SSH-2.0-OpenSSH_9.6\r\n\r\n"))],
    ["sends huge headers", () => server.respond(raw(`HTTP/1.1 200 OK\r\nA: ${"x".repeat(20_000)}\r\n\r\n`))],
    ["switches protocols", () => server.respond(raw("HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"))],
    ["sends headers and no end of them", () => server.respond(raw("HTTP/1.1 200 OK\r\nA: b\r\n")), 300],
    ["sends a body and no end of it", () => server.respond(raw("HTTP/1.1 200 OK\r\n\r\nabc")), 300],
    [
      "sends less than it announced",
      () => server.respond(raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", true)),
    ],
    [
      "ends a chunked body early",
      () => server.respond(raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", true)),
    ],
  ];
  it.each(cases)("that %s causes the same error as all others", async (_, prepare, maxMs = 20_000) => {
    await prepare();
    const error = await failureOf(IMAGE_URL, maxMs);
    expect(error.code).toBe("UNPROCESSABLE_IMAGE");
    expect(error.message).toBe(
      `The URL must respond over https with a complete image within ${maxMs / 1_000} seconds, received none: check that it opens in a browser, or upload the file.`,
    );
    expect(server.lines.join()).toContain('"import-failed"');
    expect(server.lines.join()).not.toMatch(/images\.example|sig=/);
  });

  it("whose certificate is of another authority causes it even where Node.js is set not to check", async () => {
    network.ca = (await other).cert;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    try {
      expect((await failureOf()).message).toContain("complete image");
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
    expect(server.received).toEqual([]);
  });

  it("whose certificate is of another name causes that error too", async () => {
    expect((await failureOf("https://other.example.com/")).message).toContain("complete image");
    expect(server.received).toEqual([]);
  });

  it("ends a query of DNS that takes too long", async () => {
    network.resolve = (_, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    expect((await failureOf(IMAGE_URL, 50)).code).toBe("VALIDATION_FAILED");
  });

  it("that ends the connection before it is read causes that error too", async () => {
    const closed = Promise.withResolvers<void>();
    server.respond((request, response) => {
      request.socket.once("close", closed.resolve);
      response.writeHead(200, { "Content-Length": 9 }).flushHeaders();
    });
    const failure = server.open()(IMAGE_URL, async (file) => {
      server.dropConnections();
      await closed.promise;
      await new Promise(setImmediate);
      return file.read();
    });
    await expect(failure).rejects.toMatchObject({ code: "UNPROCESSABLE_IMAGE" });
  });

  it("loses the connection when its status is enough to reject it", async () => {
    const closed = Promise.withResolvers<void>();
    server.respond((_, response) => {
      response.once("close", closed.resolve);
      response.writeHead(404).write("the beginning of a page");
    });
    await failureOf();
    await closed.promise;
  });

  it.each([[204], [304], [403], [404], [500]])("with status %i is rejected", async (status) => {
    server.respond((_, response) => void response.writeHead(status).end());
    expect(await failureOf()).toMatchObject({
      code: "UNPROCESSABLE_IMAGE",
      message: expect.stringContaining(`${status}`),
    });
  });
});

describe("a body", () => {
  it("above the limit is rejected by its length, unread", async () => {
    server.respond((_, response) => void response.writeHead(200, { "Content-Length": 1_001 }).flushHeaders());
    expect((await failureOf()).code).toBe("PAYLOAD_TOO_LARGE");
  });

  it("without a length is read up to the limit and no further", async () => {
    const closed = Promise.withResolvers<void>();
    server.respond((_, response) => {
      response.once("close", closed.resolve);
      const more = () => {
        while (response.write(Buffer.alloc(500)));
      };
      response.on("drain", more);
      more();
    });
    expect((await failureOf()).code).toBe("PAYLOAD_TOO_LARGE");
    await closed.promise;
  });

  it("longer than its announced length is cut there", async () => {
    server.respond(raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n\r\nmore"));
    expect((await read()).toString()).toBe("abc");
  });

  it("in gzip is rejected, never decompressed", async () => {
    const bomb = gzipSync(Buffer.alloc(100_000));
    server.respond((_, response) => void response.writeHead(200, { "Content-Encoding": "gzip" }).end(bomb));
    expect((await failureOf()).code).toBe("UNSUPPORTED_MEDIA_TYPE");
  });
});
