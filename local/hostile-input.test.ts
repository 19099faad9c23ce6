// Any web page in a browser can send requests to the ports of a laptop: no input may end a process behind them.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixture } from "./host/host.fixture.ts";
import { type Host, startHost } from "./host/host.ts";
import { type Services, startServices } from "./services.ts";

const dir = mkdtempSync(join(tmpdir(), "vitae-hostile-"));
let services: Services;
let host: Host;
const ended: string[] = [];

beforeAll(async () => {
  services = await startServices({ dataDir: dir, inMemory: true, onExit: (line) => ended.push(line) });
  const media = { target: services.events.uri, ca: services.certificate.cert };
  host = await startHost({ root: fixture("basic"), env: services.env, port: 0, media, log: () => {} });
});
afterAll(async () => {
  await host.close();
  await services.close();
  rmSync(dir, { recursive: true });
});

const deep = (levels: number) => `{"a":{"b":${"[".repeat(levels)}${"]".repeat(levels)}}}`;
const post = (path: string, body: string, type = "text/plain") =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const line = (target: string, method = "GET") => `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

const TARGETS = [
  ...[
    "//",
    "///",
    "/\\\\",
    "*",
    "http://[",
    "http://%",
    "https://:99999/",
    "/%",
    "/%ff%fe",
    "/%00",
    "/?%",
    "/#",
    "//[::1",
    "?",
  ],
  ...[
    "/media/a%",
    "/media/abc/%ff",
    "/media/abc/\xe9",
    "/media//",
    "/images/%",
    "/images/\xe9",
    "/images//%ff",
    "/secrets/%",
    "/secrets//",
    "/msi/token?%ff",
  ],
  ...[
    "/devstoreaccount1/%",
    "/devstoreaccount1/images/%ff?comp=%",
    "/admin/functions/%",
    "/docs/%2e%2e/",
    "/api/%c0%ae",
  ],
  `/${"a".repeat(20_000)}`,
];
const INPUTS = [
  ...TARGETS.flatMap((target) => ["GET", "PUT", "POST", "OPTIONS"].map((method) => line(target, method))),
  ...["/api/echo", "/secrets/a", "/msi/token", "/admin/functions/image-upload"].flatMap((path) =>
    [deep(60), deep(4_500), deep(50_000), "{", "null", "[]", '"', "\xff\xfe"].flatMap((body) => [
      post(path, body),
      post(path, body, "application/json"),
    ]),
  ),
  "GET / HTTP/9.9\r\n\r\n",
  "\r\n\r\n",
  "\x16\x03\x01\x00",
  `GET / HTTP/1.1\r\nHost: [\r\nOrigin: ${"\xff".repeat(100)}\r\n\r\n`,
  "PUT /devstoreaccount1/images/%ff HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n",
];

/** Sends the bytes and resets the connection once there is a response, or after a moment without one. */
async function send(url: URL, bytes: string): Promise<void> {
  const options = { host: url.hostname, port: Number(url.port), rejectUnauthorized: false };
  const socket = url.protocol === "https:" ? connectTls(options) : connect(options);
  socket.on("error", () => {});
  socket.write(Buffer.from(bytes, "latin1"));
  await Promise.race([
    once(socket, "data"),
    once(socket, "close"),
    new Promise((resolve) => setTimeout(resolve, 300)),
  ]).catch(() => {});
  socket.destroy();
}

test.each(["host", "identity", "vault", "blobs", "queues", "tables"])(
  "no hostile request ends the process behind the port of %s, which then still responds",
  async (name) => {
    const { env } = services;
    const url = new URL(
      {
        host: host.url,
        identity: env.IDENTITY_ENDPOINT,
        vault: env.VAULT_URI,
        blobs: env.MEDIA__blobServiceUri,
        queues: env.MEDIA__queueServiceUri,
        tables: env.TABLES_ENDPOINT,
      }[name] ?? "",
    );
    url.hostname = "127.0.0.1";
    await Promise.all(INPUTS.map((input) => send(url, input)));
    const socket =
      url.protocol === "https:"
        ? connectTls({ host: url.hostname, port: Number(url.port), rejectUnauthorized: false })
        : connect(Number(url.port), url.hostname);
    socket.write(line("/msi/token"));
    expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1\.1 \d{3} /);
    socket.destroy();
    expect(ended).toEqual([]);
  },
);
