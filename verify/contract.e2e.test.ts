// The document as a contract: every operation is called by its own example, and every answer is what it says.
import { afterAll, describe, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { startBackend } from "../local/backend.fixture.ts";
import { type Case, type Document, openContract } from "./contract.fixture.ts";
import { openLibrary } from "./library.fixture.ts";
import { type Image, json } from "./responses.fixture.ts";

const backend = await startBackend({ METRICS_ENABLED: "true" });
afterAll(() => backend.close());
const document = await json<Document>(fetch(`${backend.api}/openapi.json`));
const { cases, callOf, check } = openContract(document);
const named = (list: readonly Case[]) => list.map((each) => [each.operation.operationId, each] as const);

const owner = await backend.token("owner");
const library = openLibrary(backend.api, owner);
const picture = new Uint8Array(await testImage("jpeg", { width: 600, height: 400 }));
const image = await json<Image>(library.upload(picture, "portrait.jpg"));
await library.settled(image.id);
/** The image of the examples, which is nowhere. */
const EXAMPLE_ID = "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b";

type Changes = {
  api?: string;
  token?: string | undefined;
  query?: string;
  headers?: Record<string, string>;
  body?: string;
  id?: string;
};

const takes = ({ operation }: Case, type: string) => operation.requestBody?.content?.[type] !== undefined;

function send(
  each: Case,
  { api = backend.api, token = owner, query = "", headers = {}, body, id = image.id }: Changes = {},
) {
  const { path, init } = JSON.parse(JSON.stringify(callOf(each)).replaceAll(EXAMPLE_ID, id)) as ReturnType<
    typeof callOf
  >;
  const form = new FormData();
  form.set("file", new Blob([picture], { type: "image/jpeg" }), "portrait.jpg");
  const url = new URL(`${api}${path}`);
  if (query) url.search = query;
  return fetch(url, {
    ...init,
    ...(takes(each, "multipart/form-data") && { body: form }),
    ...(body !== undefined && { body }),
    headers: {
      ...(init.headers as Record<string, string>),
      ...(each.operation.security.length > 0 && token !== "" && { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
}

/** Asserts the status, and that the document says all there is to the answer. */
async function expectAsDescribed(each: Case, answer: Response, status: number) {
  expect(answer.status).toBe(status);
  expect(await check(each, answer)).toEqual([]);
}

const guarded = cases.filter(({ operation }) => operation.security.length > 0);
const withJson = cases.filter((each) => takes(each, "application/json"));
const withFile = cases.filter((each) => takes(each, "multipart/form-data"));

describe("answers as described:", () => {
  it.each(named(cases))("%s, called by its own example", async (_, each) => {
    const [success] = Object.keys(each.operation.responses).filter((status) => status.startsWith("2"));
    const answer = await send(each, { headers: { "X-Trace-ID": "d58135d2-adce-495b-b125-30f46a7a9353" } });
    expect(answer.headers.get("x-trace-id")).toBe("d58135d2adce495bb12530f46a7a9353");
    await expectAsDescribed(each, answer, Number(success));
  });

  it.each(named(guarded))("%s without a token, or with one that is none", async (_, each) => {
    await expectAsDescribed(each, await send(each, { token: "" }), 401);
    await expectAsDescribed(each, await send(each, { token: "a.b.c" }), 401);
  });

  it.each(named(guarded.filter(({ operation }) => !JSON.stringify(operation.security).includes("images:read"))))(
    "%s with a token that may only read",
    async (_, each) => {
      await expectAsDescribed(each, await send(each, { token: await backend.token("viewer") }), 403);
    },
  );

  it.each(named(cases))("%s with a query that no route takes", async (_, each) => {
    await expectAsDescribed(each, await send(each, { query: "headers=x" }), 400);
  });

  it.each(named(cases.filter((each) => JSON.stringify(callOf(each)).includes(EXAMPLE_ID))))(
    "%s of an image that is not there",
    async (_, each) => {
      await expectAsDescribed(each, await send(each, { id: EXAMPLE_ID }), 404);
    },
  );

  it.each(named(withJson))("%s with a body that is no JSON, too long, or wrong", async (_, each) => {
    await expectAsDescribed(each, await send(each, { headers: { "content-type": "text/plain" } }), 415);
    await expectAsDescribed(each, await send(each, { body: " ".repeat(70_000) }), 413);
    await expectAsDescribed(each, await send(each, { body: '{"no":"such"}' }), 400);
  });

  it.each(named(withFile))("%s with what is no picture", async (_, each) => {
    const raw = (type: string, body: string) => send(each, { body, headers: { "content-type": type } });
    await expectAsDescribed(each, await raw("text/plain", "x"), 415);
    await expectAsDescribed(each, await raw("image/png", "no picture"), 415);
    const half = Buffer.from(picture.subarray(0, 900)).toString("latin1");
    await expectAsDescribed(each, await raw("image/jpeg", half), 415);
  });

  it.each(named(cases.filter(({ path }) => /visit|ready/.test(path))))(
    "%s while the tables are down",
    async (_, each) => {
      await backend.proxy.stop();
      try {
        const until = performance.now() + 20_000;
        let answer = await send(each);
        // Readiness keeps what it knew for five seconds.
        while (answer.status === 200 && performance.now() < until) answer = await send(each);
        await expectAsDescribed(each, answer, 503);
      } finally {
        await backend.proxy.start();
      }
    },
  );
});

describe("limits as described:", async () => {
  const open = async (settings: Record<string, string>) =>
    `${(await backend.addHost({ RATE_LIMITS: "on", ...settings })).url}/api`;
  const limited = await open({});
  const tight = await open(
    Object.fromEntries(["ANONYMOUS", "AUTHENTICATED", "VISITS", "UPLOADS"].map((of) => [`RATE_LIMIT_${of}`, "1"])),
  );

  it.each(named(cases))("%s has the headers of its limit, or none", async (_, each) => {
    const [status = "", success] = Object.entries(each.operation.responses)[0] ?? [];
    const answer = await send(each, { api: limited });
    for (const name of ["RateLimit", "RateLimit-Policy"])
      expect(answer.headers.has(name)).toBe(JSON.stringify(success).includes(`"${name}"`));
    await expectAsDescribed(each, answer, Number(status));
  });

  it.each(named(cases.filter(({ operation }) => "429" in operation.responses)))("%s refused", async (_, each) => {
    let answer = await send(each, { api: tight });
    // The first of a window passes, and a window may end between two calls.
    for (let more = 2; answer.ok && more > 0; more--) answer = await send(each, { api: tight });
    await expectAsDescribed(each, answer, 429);
  });
});

describe("a deployment with OPENAPI_ENABLED=false", () => {
  it("has no document, and names none", async () => {
    const { url } = await backend.addHost({ OPENAPI_ENABLED: "false" });
    const answer = await fetch(`${url}/api/openapi.json`);
    expect(answer.status).toBe(404);
    const { error } = await json<{ error: { code: string; message: string } }>(answer);
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toBe("/api/openapi.json does not exist: check its spelling.");
    expect((await fetch(`${url}/api/openapi.json`, { method: "HEAD" })).status).toBe(404);
    expect((await fetch(`${url}/api/health/live`)).status).toBe(200);
  });
});
