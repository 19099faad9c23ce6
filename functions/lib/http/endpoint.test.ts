// The boundary: the order of its checks, and what reaches a handler.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Caller, permissions } from "../access/permissions.ts";
import { AppError } from "../errors.ts";
import { type Call, invoke } from "./invoke.fixture.ts";
import { type OperationResponse, operation } from "./operation.ts";
import { type Access, routesFor } from "./route.ts";

const deps = {
  async authenticate(authorization: string | null): Promise<Caller> {
    const role = (["owner", "editor", "viewer"] as const).find((known) => authorization === `Bearer ${known}`);
    if (role) return { subject: "ada", role };
    throw new AppError("UNAUTHENTICATED", "No token.", { headers: { "WWW-Authenticate": 'Bearer realm="vitae"' } });
  },
};

/** A route with params and query that calls `handler`. */
function thing(
  handler: (request: object) => Promise<OperationResponse> | OperationResponse,
  access: Access = "public",
) {
  return routesFor<typeof deps>()(
    "openapi",
    ["GET", "POST"],
    "/v1/things/{id}",
    access,
    "none",
    operation({
      tag: "Service",
      summary: "A thing",
      params: z.object({ id: z.string().regex(/^\d+$/, "is digits") }),
      query: z.object({ limit: z.coerce.number().int("is a whole number").max(9, "is at most 9").default(5) }),
      responses: {},
      errors: [],
      example: {},
      handler: async (request, _: typeof deps) => handler(request),
    }),
  );
}
const url = "http://localhost/api/v1/things/7";
const call: Call = { url, params: { id: "7" } };
const as = (role: string) => ({ authorization: `Bearer ${role}` });
const throwing = (thrown: unknown) =>
  thing(() => {
    throw thrown;
  });

describe("endpoint", () => {
  it("passes parsed params and query and the caller to the handler", async () => {
    let received: object = {};
    const route = thing((request) => {
      received = request;
      return { status: 201, headers: { Location: "/x" }, json: { made: true } };
    }, "images:read");
    const response = await invoke(route, deps, {
      ...call,
      url: `${url}?limit=3&more=1`,
      method: "POST",
      headers: as("viewer"),
    });
    expect(received).toMatchObject({ method: "POST", params: { id: "7" }, query: { limit: 3 } });
    expect(received).toMatchObject({ body: undefined, caller: { subject: "ada", role: "viewer" } });
    expect(response).toMatchObject({ status: 201, text: '{"made":true}' });
    expect(response.headers.get("location")).toBe("/x");
    expect(response.headers.get("content-type")).toBe("application/json");
  });

  it.each(["headers", "Headers", "HEADERS"])(
    "rejects a query with the reserved name %s, which would replace the headers",
    async (name) => {
      const forged = `${url}?${name}=${encodeURIComponent('{"x-forwarded-for":"1.2.3.4"}')}`;
      const response = await invoke(
        thing(() => ({})),
        deps,
        { ...call, url: forged },
      );
      expect(response.status).toBe(400);
      expect(response.error()).toMatchObject({ code: "VALIDATION_FAILED", message: expect.stringContaining(name) });
    },
  );

  it("passes no caller to the handler of a public route, whatever the token", async () => {
    const route = thing((request) => ({
      json: { caller: "caller" in request ? (request.caller ?? "none") : "absent" },
    }));
    expect((await invoke(route, deps, { ...call, headers: as("owner") })).text).toBe('{"caller":"none"}');
  });

  it("checks the token first, then the permission, then the input: 401, 403, 400", async () => {
    const route = thing(() => ({}), "images:delete");
    const wrong = { url: `${url}?limit=x`, params: { id: "seven" } };
    const anonymous = await invoke(route, deps, wrong);
    expect(anonymous.status).toBe(401);
    expect(anonymous.error().code).toBe("UNAUTHENTICATED");
    expect(anonymous.headers.get("www-authenticate")).toBe('Bearer realm="vitae"');
    const viewer = await invoke(route, deps, { ...wrong, headers: as("viewer") });
    expect(viewer.status).toBe(403);
    expect(viewer.error()).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringMatching(/images:delete.*viewer/),
    });
    expect((await invoke(route, deps, { ...wrong, headers: as("owner") })).error().code).toBe("VALIDATION_FAILED");
  });

  it.each(permissions)("accepts the roles with the permission %s, and rejects the others", async (permission) => {
    const route = thing(() => ({}), permission);
    const statuses = ["owner", "editor", "viewer"].map(async (role) => {
      return (await invoke(route, deps, { ...call, headers: as(role) })).status;
    });
    const manage = permission.endsWith(":manage") ? 403 : 200;
    expect(await Promise.all(statuses)).toEqual([200, manage, permission === "images:read" ? 200 : 403]);
  });

  it("reports every issue of path and query, the received values and a fix", async () => {
    const response = await invoke(
      thing(() => ({})),
      deps,
      { url: `${url}?limit=12`, params: { id: 'se"ven' } },
    );
    const message = 'is digits, received "se\\"ven": see /api/openapi.json.';
    expect(response.error()).toMatchObject({
      code: "VALIDATION_FAILED",
      message: `path.id ${message} And 1 more, see details.`,
      details: [
        { path: "path.id", message },
        { path: "query.limit", message: expect.stringContaining('is at most 9, received "12"') },
      ],
    });
  });

  it("shortens a long received value in an error", async () => {
    const response = await invoke(
      thing(() => ({})),
      deps,
      { url, params: { id: "x".repeat(10_000) } },
    );
    expect(response.text.length).toBeLessThan(1_000);
  });

  it("responds to HEAD like to GET, without a body", async () => {
    const route = thing(() => ({ headers: { ETag: '"1"' }, json: { a: 1 } }));
    const [head, get] = await Promise.all(["HEAD", "GET"].map((method) => invoke(route, deps, { ...call, method })));
    expect(head).toMatchObject({ status: 200, text: "" });
    expect(head?.headers.get("etag")).toBe(get?.headers.get("etag"));
    expect(await invoke(throwing(new AppError("NOT_FOUND", "x")), deps, { ...call, method: "HEAD" })).toMatchObject({
      status: 404,
      text: "",
    });
  });
});
