// Which parts of a request become trigger metadata, and which of them win.
import { expect, test } from "vitest";
import { httpMetadata, platformHeaders } from "./http-metadata.ts";

const headers = { host: "localhost" };
const Headers = { json: JSON.stringify(headers) };

test("route parameters and headers become trigger metadata", () => {
  expect(httpMetadata({ headers, query: "", params: { page: "resume" } })).toEqual({
    page: { string: "resume" },
    Headers,
  });
});

test("a route parameter wins over the query parameter of that name, which keeps its spelling", () => {
  expect(httpMetadata({ headers, query: "PAGE=x&limit=1&limit=2&code=k", params: { page: "resume" } })).toEqual({
    PAGE: { string: "resume" },
    limit: { string: "2" },
    Headers,
  });
});

test("a query parameter named headers replaces the headers, as in Azure", () => {
  expect(httpMetadata({ headers, query: "headers=x", params: {} })).toEqual({ headers: { string: "x" } });
});

test("query and route win over properties of a JSON body, which win over the headers; lists and null are left out", () => {
  const properties = { PAGE: "body", limit: 5, flag: true, tags: ["a"], nothing: null, Headers: { host: "forged" } };
  expect(httpMetadata({ headers, query: "limit=1", params: { page: "resume" }, properties })).toEqual({
    PAGE: { string: "resume" },
    limit: { string: "1" },
    flag: { string: "true" },
    Headers: { json: '{"host":"forged"}' },
  });
});

test("a repeated header is joined by commas without its empty values, also Cookie and Authorization", () => {
  const rawHeaders = ["Cookie", "a=1", "cookie", "b=2", "Authorization", "", "Authorization", "Bearer x", "X-A", ""];
  const socket = { remoteAddress: "::1", remotePort: 5 } as Parameters<typeof platformHeaders>[0]["socket"];
  expect(platformHeaders({ rawHeaders, socket })).toMatchObject({
    cookie: "a=1,b=2",
    authorization: "Bearer x",
    "x-a": "",
    "x-forwarded-for": "[::1]:5",
  });
});
