// The boundary: what is checked in which order, and what reaches a handler.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Caller, permissions } from "../access/permissions.ts";
import { AppError } from "../errors.ts";
import { type Call, invoke } from "./invoke.simulation.ts";
import { type Access, type OperationResponse, operation, routesFor } from "./operation.ts";

const deps = {
  async verifyToken(authorization: string | null): Promise<Caller> {
    const role = (["owner", "editor", "viewer"] as const).find((known) => authorization === `Bearer ${known}`);
    if (role) return { subject: "ada", role };
    throw new AppError("UNAUTHENTICATED", "No token.", { headers: { "WWW-Authenticate": 'Bearer realm="vitae"' } });
  },
};

/** A route that takes everything a route can take, and does what it is given to do. */
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

describe("a request", () => {
  it("reaches its handler with parsed params and query, and its caller", async () => {
    let seen: object = {};
    const route = thing((request) => {
      seen = request;
      return { status: 201, headers: { Location: "/x" }, json: { made: true } };
    }, "images:read");
    const reply = await invoke(route, deps, {
      ...call,
      url: `${url}?limit=3&more=1`,
      method: "POST",
      headers: as("viewer"),
    });
    expect(seen).toMatchObject({ method: "POST", params: { id: "7" }, query: { limit: 3 } });
    expect(seen).toMatchObject({ body: undefined, caller: { subject: "ada", role: "viewer" } });
    expect(reply).toMatchObject({ status: 201, text: '{"made":true}' });
    expect(reply.headers.get("location")).toBe("/x");
    expect(reply.headers.get("content-type")).toBe("application/json");
  });

  it.each(["headers", "Headers", "HEADERS"])(
    "whose query names %s, which would replace its headers, is refused",
    async (name) => {
      const forged = `${url}?${name}=${encodeURIComponent('{"x-forwarded-for":"1.2.3.4"}')}`;
      const reply = await invoke(
        thing(() => ({})),
        deps,
        { ...call, url: forged },
      );
      expect(reply.status).toBe(400);
      expect(reply.error()).toMatchObject({ code: "VALIDATION_FAILED", message: expect.stringContaining(name) });
    },
  );

  it("that is public has no caller, whatever token it brings", async () => {
    const route = thing((request) => ({
      json: { caller: "caller" in request ? (request.caller ?? "nobody") : "absent" },
    }));
    expect((await invoke(route, deps, { ...call, headers: as("owner") })).text).toBe('{"caller":"nobody"}');
  });

  it("is refused for its token before its form is looked at: 401, then 403, then 400", async () => {
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

  it.each(permissions)("for %s is let through with a role that has it, and with no other", async (permission) => {
    const route = thing(() => ({}), permission);
    const statuses = ["owner", "editor", "viewer"].map(async (role) => {
      return (await invoke(route, deps, { ...call, headers: as(role) })).status;
    });
    const manage = permission.endsWith(":manage") ? 403 : 200;
    expect(await Promise.all(statuses)).toEqual([200, manage, permission === "images:read" ? 200 : 403]);
  });

  it("is told every rule it broke, the value it sent and what to do, of path and query at once", async () => {
    const reply = await invoke(
      thing(() => ({})),
      deps,
      { url: `${url}?limit=12`, params: { id: 'se"ven' } },
    );
    const message = 'is digits, received "se\\"ven": /api/openapi.json says what fits.';
    expect(reply.error()).toMatchObject({
      code: "VALIDATION_FAILED",
      message: `path.id ${message} And 1 more, in the details.`,
      details: [
        { path: "path.id", message },
        { path: "query.limit", message: expect.stringContaining('is at most 9, received "12"') },
      ],
    });
  });

  it("is not sent back at full length", async () => {
    const reply = await invoke(
      thing(() => ({})),
      deps,
      { url, params: { id: "x".repeat(10_000) } },
    );
    expect(reply.text.length).toBeLessThan(1_000);
  });

  it("by HEAD is answered like GET, without a body", async () => {
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
