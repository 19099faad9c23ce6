// Downloads from a server that looks public, for the tests of downloads.
import type { RequestListener } from "node:http";
import { expect } from "vitest";
import type { AppError } from "../errors.ts";
import { createLog } from "../log.ts";
import { createDownload } from "./download.ts";
import { newCertificate, startPublicServer } from "./public-server.fixture.ts";

export const IMAGE_URL = "https://images.example.com/a.png?sig=x#f";
export const fileBytes = Buffer.from("the bytes of an image");

export const redirectTo =
  (location: string): RequestListener =>
  (_, response) =>
    void response.writeHead(302, { Location: location }).end();

export async function openDownloads() {
  const server = await startPublicServer(await newCertificate("images.example.com", "cdn.example.com"));
  const { network } = server;
  const good = { ...network };
  const lines: string[] = [];
  const sink = (line: string) => void lines.push(line);
  const log = createLog({ debug: sink, info: sink, warn: sink, error: sink });
  const open = (maxMs = 20_000) => createDownload({ maxBytes: 1_000, log, network, maxMs });
  const read = (url = IMAGE_URL, maxMs?: number) => open(maxMs)(url, (file) => file.read());
  return {
    ...server,
    lines,
    open,
    read,
    failureOf: (url?: string, maxMs?: number) =>
      read(url, maxMs).then(
        () => expect.unreachable("It must be rejected"),
        (error: AppError) => error,
      ),
    /** A public server that returns the file. */
    reset() {
      Object.assign(network, good);
      for (const host of Object.keys(server.addresses)) delete server.addresses[host];
      lines.length = server.received.length = server.serverNames.length = server.pinned.length = 0;
      server.respond((_, response) => void response.end(fileBytes));
    },
  };
}
