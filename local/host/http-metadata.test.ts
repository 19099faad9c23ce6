// What of a request becomes trigger metadata, the traps included.
import { expect, test } from "vitest";
import { httpMetadata } from "./http-metadata.ts";

const headers = { host: "localhost" };
const Headers = { json: JSON.stringify(headers) };

test("route parameters and headers become trigger metadata", () => {
  expect(httpMetadata({ headers, query: "", params: { page: "resume" } })).toEqual({
    page: { string: "resume" },
    Headers,
  });
});

test("query parameters stand beside route parameters, which win, under the spelling that came first", () => {
  expect(httpMetadata({ headers, query: "PAGE=x&limit=1&limit=2&code=k", params: { page: "resume" } })).toEqual({
    PAGE: { string: "resume" },
    limit: { string: "2" },
    Headers,
  });
});

test("a query parameter called headers takes the place of the headers, as it does in Azure", () => {
  expect(httpMetadata({ headers, query: "headers=x", params: {} })).toEqual({ headers: { string: "x" } });
});

test("properties of a JSON body stand behind query and route, lists and null left out, and before the headers", () => {
  const properties = { PAGE: "body", limit: 5, flag: true, tags: ["a"], nothing: null, Headers: { host: "forged" } };
  expect(httpMetadata({ headers, query: "limit=1", params: { page: "resume" }, properties })).toEqual({
    PAGE: { string: "resume" },
    limit: { string: "1" },
    flag: { string: "true" },
    Headers: { json: '{"host":"forged"}' },
  });
});
