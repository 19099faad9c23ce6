// The OpenAPI document as a contract: each operation is called with its example, and each response must match.
import { afterAll, describe, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { startBackend } from "../local/backend.fixture.ts";
import { type Case, type Document, openContract } from "./contract.fixture.ts";
import { openExamples } from "./contract-examples.fixture.ts";
import { openLibrary } from "./library.fixture.ts";
import { type Image, json } from "./responses.fixture.ts";

const backend = await startBackend({ METRICS_ENABLED: "true" });
afterAll(() => backend.close());
const document = await json<Document>(fetch(`${backend.api}/openapi.json`));
const { cases, callOf, check } = openContract(document);
const named = (list: readonly Case[]) => list.map((each) => [each.operation.operationId, each] as const);

const owner = await backend.token("owner");
const library = openLibrary(backend.api, owner);
const file = new Uint8Array(await testImage("jpeg", { width: 600, height: 400 }));
const image = await json<Image>(library.upload(file, "portrait.jpg"));
await library.settled(image.id);
/** The image of the examples, which does not exist. */
const EXAMPLE_ID = "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b";

const withExisting = openExamples(backend, owner, file);

type Changes = {
  api?: string;
  token?: string | undefined;
  query?: string;
  headers?: Record<string, string>;
  body?: string;
  id?: string;
};

/** Status of the response to its own example. No host has the name in the example of an import. */
const expectedOf = ({ operation: { operationId, responses } }: Case): number =>
  operationId === "image-import" ? 400 : Number(Object.keys(responses).find((status) => status.startsWith("2")));

const takes = ({ operation }: Case, type: string) => operation.requestBody?.content?.[type] !== undefined;

/** The image, or a new one where the call deletes it. */
async function imageFor({ operation }: Case, id: string): Promise<string> {
  if (operation.operationId !== "image-delete" || id !== image.id) return id;
  const bytes = await testImage("png", { width: 30, height: 20 });
  return (await json<Image>(library.upload(new Uint8Array(bytes)))).id;
}

async function send(
  each: Case,
  { api = backend.api, token = owner, query = "", headers = {}, body, id = image.id }: Changes = {},
) {
  const call = JSON.stringify(callOf(each)).replaceAll(EXAMPLE_ID, await imageFor(each, id));
  const { path, init } = JSON.parse(await withExisting(call)) as ReturnType<typeof callOf>;
  const upload = new FormData();
  upload.set("file", new Blob([file], { type: "image/jpeg" }), "portrait.jpg");
  const url = new URL(`${api}${path}`);
  if (query) url.search = query;
  return fetch(url, {
    ...init,
    ...(takes(each, "multipart/form-data") && { body: upload }),
    ...(body !== undefined && { body }),
    headers: {
      ...(init.headers as Record<string, string>),
      "if-match": "*",
      ...(each.operation.security.length > 0 && token !== "" && { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
}

/** Asserts the status, and that the response matches the document. */
async function expectAsDescribed(each: Case, response: Response, status: number) {
  expect(response.status).toBe(status);
  expect(await check(each, response)).toEqual([]);
}

const guarded = cases.filter(({ operation }) => operation.security.length > 0);
const withJson = cases.filter((each) => takes(each, "application/json"));
const withForm = cases.filter((each) => takes(each, "application/x-www-form-urlencoded"));
const withCsv = cases.filter((each) => takes(each, "text/csv"));
const withFile = cases.filter((each) => takes(each, "multipart/form-data"));

describe("contract", () => {
  it.each(named(cases))("%s responds as documented to its own example", async (_, each) => {
    const response = await send(each, { headers: { "X-Trace-ID": "d58135d2-adce-495b-b125-30f46a7a9353" } });
    expect(response.headers.get("x-trace-id")).toBe("d58135d2adce495bb12530f46a7a9353");
    await expectAsDescribed(each, response, expectedOf(each));
  });

  it.each(named(guarded))("%s responds as documented without a valid token", async (_, each) => {
    await expectAsDescribed(each, await send(each, { token: "" }), 401);
    await expectAsDescribed(each, await send(each, { token: "a.b.c" }), 401);
  });

  const permissionOf = ({ operation }: Case) => /"(\w+:\w+)"/.exec(JSON.stringify(operation.security))?.[1];
  it.each(named(guarded.filter((each) => !["images:read", undefined].includes(permissionOf(each)))))(
    "%s responds as documented to a viewer",
    async (_, each) => {
      await expectAsDescribed(each, await send(each, { token: await backend.token("viewer") }), 403);
    },
  );

  it.each(named(cases))("%s responds as documented to the reserved query parameter", async (_, each) => {
    await expectAsDescribed(each, await send(each, { query: "headers=x" }), 400);
  });

  it.each(named(cases.filter((each) => JSON.stringify(callOf(each)).includes(EXAMPLE_ID))))(
    "%s responds as documented for an image that does not exist",
    async (_, each) => {
      await expectAsDescribed(each, await send(each, { id: EXAMPLE_ID }), 404);
    },
  );

  it.each(named(withJson))(
    "%s responds as documented to a body that is no JSON, too long or invalid",
    async (_, each) => {
      await expectAsDescribed(each, await send(each, { headers: { "content-type": "text/plain" } }), 415);
      await expectAsDescribed(each, await send(each, { body: " ".repeat(70_000) }), 413);
      await expectAsDescribed(each, await send(each, { body: '{"no":"such"}' }), 400);
    },
  );

  it.each(named(withForm))(
    "%s responds as documented to a form of another type, too long or invalid",
    async (_, each) => {
      await expectAsDescribed(each, await send(each, { headers: { "content-type": "text/plain" } }), 415);
      await expectAsDescribed(each, await send(each, { body: "x".repeat(9_000) }), 413);
      await expectAsDescribed(each, await send(each, { body: "no=such" }), 400);
    },
  );

  it.each(named(withCsv))("%s responds as documented to CSV of another type, too long or invalid", async (_, each) => {
    await expectAsDescribed(each, await send(each, { headers: { "content-type": "text/plain" } }), 415);
    await expectAsDescribed(each, await send(each, { body: "x".repeat(11 * 1024 * 1024) }), 413);
    await expectAsDescribed(each, await send(each, { body: "no,such\n" }), 400);
  });

  it.each(named(withFile))("%s responds as documented to a file that is no image", async (_, each) => {
    const raw = (type: string, body: string) => send(each, { body, headers: { "content-type": type } });
    await expectAsDescribed(each, await raw("text/plain", "x"), 415);
    await expectAsDescribed(each, await raw("image/png", "no image"), 415);
    const half = Buffer.from(file.subarray(0, 900)).toString("latin1");
    await expectAsDescribed(each, await raw("image/jpeg", half), 415);
  });

  /** A history is kept for a minute, and a badge says in its image that it has no number. */
  const readsTables = ({ operation, path }: Case) =>
    /visit|ready/.test(path) && !path.endsWith("/history") && "503" in operation.responses;
  it.each(named(cases.filter(readsTables)))(
    "%s responds as documented while the tables are unavailable",
    async (_, each) => {
      await backend.proxy.stop();
      try {
        const until = performance.now() + 20_000;
        let response = await send(each);
        // Readiness is cached for five seconds.
        while (response.status === 200 && performance.now() < until) response = await send(each);
        await expectAsDescribed(each, response, 503);
      } finally {
        await backend.proxy.start();
      }
    },
  );
});

describe("limits of the contract", async () => {
  const open = async (settings: Record<string, string>) =>
    `${(await backend.addHost({ RATE_LIMITS: "on", ...settings })).url}/api`;
  const limited = await open({});
  const tight = await open(
    Object.fromEntries(
      ["ANONYMOUS", "AUTHENTICATED", "VISITS", "UPLOADS", "KEYS", "SECRET"].map((of) => [`RATE_LIMIT_${of}`, "1"]),
    ),
  );

  it.each(named(cases))("%s returns the documented limit headers", async (_, each) => {
    const [success] = Object.values(each.operation.responses);
    const response = await send(each, { api: limited });
    for (const name of ["RateLimit", "RateLimit-Policy"])
      expect(response.headers.has(name)).toBe(JSON.stringify(success).includes(`"${name}"`));
    await expectAsDescribed(each, response, expectedOf(each));
  });

  it.each(named(cases.filter(({ operation }) => "429" in operation.responses)))(
    "%s responds as documented above its limit",
    async (_, each) => {
      let response = await send(each, { api: tight });
      // The first request of a window is accepted, and a window may end between two calls.
      for (let more = 6; response.status !== 429 && more > 0; more--) response = await send(each, { api: tight });
      await expectAsDescribed(each, response, 429);
    },
  );
});

describe("a deployment with OPENAPI_ENABLED=false", () => {
  it("serves no document, and messages refer to none", async () => {
    const { url } = await backend.addHost({ OPENAPI_ENABLED: "false" });
    const response = await fetch(`${url}/api/openapi.json`);
    expect(response.status).toBe(404);
    const { error } = await json<{ error: { code: string; message: string } }>(response);
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toBe("/api/openapi.json does not exist: check its spelling.");
    expect((await fetch(`${url}/api/openapi.json`, { method: "HEAD" })).status).toBe(404);
    expect((await fetch(`${url}/api/health/live`)).status).toBe(200);
  });
});
