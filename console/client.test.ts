// The client of the API: requests, errors, and tokens that end before their time.
import { describe, expect, it, vi } from "vitest";
import type { ApiError } from "./api-error.ts";
import { type ApiRequest, createClient, type Transport } from "./client.ts";

type Reply = { status?: number; text?: string; headers?: Record<string, string> };

function open(replies: readonly Reply[], tokens: readonly (string | undefined)[] = ["one", "two"]) {
  const requests: ApiRequest[] = [];
  const left = [...tokens];
  const session = { accessToken: vi.fn(async () => left[0]), discard: vi.fn(() => void left.shift()) };
  const onSignedOut = vi.fn();
  const transport: Transport = async (request) => {
    const { status = 200, text = "{}", headers = {} } = replies[requests.length] ?? {};
    requests.push(request);
    return { status, text, header: (name) => headers[name] ?? null };
  };
  return { client: createClient({ session, onSignedOut }), onSignedOut, requests, session, transport };
}

describe("a call", () => {
  it("fills the path, leaves empty query parameters out, and sends JSON with the token", async () => {
    const { client, requests, transport } = open([]);
    await client.call(
      "image-update",
      { params: { id: "a/b" }, body: { alt: "x" }, headers: { "If-Match": "*" } },
      transport,
    );
    await client.call("image-list", { query: { limit: 5, tag: "", cursor: undefined } as never }, transport);
    expect(requests).toEqual([
      {
        method: "PATCH",
        url: "/api/v1/images/a%2Fb",
        headers: { "If-Match": "*", "Content-Type": "application/json", Authorization: "Bearer one" },
        body: '{"alt":"x"}',
      },
      { method: "GET", url: "/api/v1/images?limit=5", headers: { Authorization: "Bearer one" }, body: undefined },
    ]);
  });

  it("sends no token on a public route", async () => {
    const { client, requests, session, transport } = open([]);
    await client.call("health", {}, transport);
    expect(requests[0]?.headers).toEqual({});
    expect(session.accessToken).not.toHaveBeenCalled();
  });

  it("refreshes once after a 401, since a token can end before its time", async () => {
    const { client, requests, session, transport } = open([{ status: 401 }, { text: '{"id":"owner"}' }]);
    expect((await client.call("user-me", {}, transport)).data).toEqual({ id: "owner" });
    expect(requests.map(({ headers }) => headers.Authorization)).toEqual(["Bearer one", "Bearer two"]);
    expect(session.discard).toHaveBeenCalledExactlyOnceWith("one");
  });

  it("reports that the user is signed out when the session has ended", async () => {
    const { client, onSignedOut, requests, transport } = open([{ status: 401 }], ["one", undefined]);
    await expect(client.call("user-me", {}, transport)).rejects.toMatchObject({ status: 401 });
    expect(requests).toHaveLength(1);
    expect(onSignedOut).toHaveBeenCalledOnce();
  });

  it("rejects with the API's code, message, trace id, details and pause", async () => {
    const error = { code: "RATE_LIMITED", message: "Too many", trace_id: "t", details: [{ path: "x", message: "y" }] };
    const { client, transport } = open([
      { status: 429, text: JSON.stringify({ error }), headers: { "Retry-After": "7" } },
    ]);
    const thrown = (await client.call("user-list", {}, transport).catch((each: unknown) => each)) as ApiError;
    const { code, details, message, retryAfter, status, traceId } = thrown;
    expect({ code, details, message, retryAfter, status, traceId }).toEqual({
      code: "RATE_LIMITED",
      details: error.details,
      message: "Too many",
      retryAfter: 7,
      status: 429,
      traceId: "t",
    });
  });

  it("rejects with the status when the platform responds with a page", async () => {
    const { client, transport } = open([{ status: 502, text: "<h1>Bad gateway</h1>" }]);
    await expect(client.call("user-list", {}, transport)).rejects.toMatchObject({
      message: "The API failed with status 502.",
      status: 502,
    });
  });
});
