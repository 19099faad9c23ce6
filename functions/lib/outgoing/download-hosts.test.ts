// What neither a name, nor a redirect, nor a second answer of DNS can make a download reach.
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { openDownloads, redirectTo } from "./download.fixture.ts";
import { PUBLIC_ADDRESS } from "./public-server.fixture.ts";

const server = await openDownloads();
const { failureOf, network } = server;
beforeEach(server.reset);
afterAll(() => server.close());

describe("a host that is not public", () => {
  it.each([
    ["127.0.0.1"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["169.254.169.254"],
    ["168.63.129.16"],
    ["10.0.0.4"],
    ["fd00::1"],
  ])("is rejected when one of its addresses is %s, before any connection", async (address) => {
    const before = server.connections();
    server.addresses["images.example.com"] = [PUBLIC_ADDRESS, address];
    const error = await failureOf();
    expect(error.code).toBe("VALIDATION_FAILED");
    expect(error.message).toContain("public addresses only");
    expect(error.message).not.toContain(address);
    expect(server.connections()).toBe(before);
  });

  it("is rejected with the same message when its name has no address or does not exist", async () => {
    server.addresses["images.example.com"] = ["10.0.0.4"];
    const { message } = await failureOf();
    server.addresses["images.example.com"] = [];
    expect((await failureOf()).message).toBe(message);
    network.resolve = async () => Promise.reject(Object.assign(new Error("secret.vault"), { code: "ENOTFOUND" }));
    expect((await failureOf()).message).toBe(message);
  });

  it("gets no byte when its name resolved to a public address and the socket leads elsewhere", async () => {
    const before = server.connections();
    network.remoteAddress = undefined;
    const heard: Buffer[] = [];
    const trap = createServer((socket) => socket.on("data", (chunk) => heard.push(chunk)).on("error", () => undefined));
    trap.listen(0, "127.0.0.1");
    await once(trap, "listening");
    network.port = (trap.address() as { port: number }).port;
    expect((await failureOf()).code).toBe("UNPROCESSABLE_IMAGE");
    trap.close();
    await once(trap, "close");
    expect(Buffer.concat(heard).length).toBe(0);
    expect(server.connections()).toBe(before);
  });

  it.each([
    ["https://169.254.169.254/metadata/identity/oauth2/token", "public addresses only"],
    ["https://[::ffff:7f00:1]/", "public addresses only"],
    ["https://localhost/", "public addresses only"],
    ["https://rebound.example.com/", "public addresses only"],
    ["http://images.example.com/", "https://"],
    ["//user@images.example.com/", "user name"],
    ["https://images.example.com:8443/", "port"],
  ])("is rejected as the target of a redirect: %s", async (location, rule) => {
    server.addresses["rebound.example.com"] = ["10.0.0.4"];
    server.respond(redirectTo(location));
    const error = await failureOf();
    expect(error.code).toBe("VALIDATION_FAILED");
    expect(error.message).toContain(rule);
    expect(server.received).toHaveLength(1);
  });

  it("cannot make a download follow redirects for ever", async () => {
    server.respond(redirectTo("/again"));
    const error = await failureOf();
    expect(error).toMatchObject({ code: "VALIDATION_FAILED", message: expect.stringContaining("at most 3 times") });
    expect(server.received).toHaveLength(4);
  });
});
