// Path, query and body checked together.
import { expect, it } from "vitest";
import { z } from "zod";
import { validate } from "./validation.ts";

const operation = {
  params: z.object({ id: z.guid() }),
  query: z.strictObject({ limit: z.coerce.number().int().max(9).default(5) }),
  body: z.strictObject({ name: z.string().trim() }),
  example: { params: { id: "0198c0de-0000-7000-8000-00000000abcd" }, query: { limit: 3 }, body: { name: "Ada" } },
};
const url = "http://localhost/api/things";
const fine = { path: operation.example.params, url: `${url}?limit=3`, body: { name: " Ada " } };

it("what passes comes out parsed", () => {
  expect(validate(operation, fine)).toEqual({ params: fine.path, query: { limit: 3 }, body: { name: "Ada" } });
});

it("all faults of path, query and body are told at once, each with a value that would do", () => {
  const sent = { path: { id: "7" }, url: `${url}?limit=12&limit=13&page=2`, body: { name: 7, nmae: "Ada" } };
  expect(() => validate(operation, sent)).toThrow(
    expect.objectContaining({
      code: "VALIDATION_FAILED",
      details: [
        {
          path: "path.id",
          message: 'must be a GUID, received "7": send for example 0198c0de-0000-7000-8000-00000000abcd.',
        },
        { path: "query.limit", message: "must be given once, received it 2 times: leave one." },
        { path: "query.limit", message: 'must be at most 9, received "13": send for example 3.' },
        { path: "query.page", message: "is not known: leave it out; known here: limit." },
        { path: "body.name", message: 'must be text, received 7: send for example "Ada".' },
        { path: "body.nmae", message: "is not known: leave it out; known here: name." },
      ],
    }),
  );
});

it("what an operation does not declare is not looked at", () => {
  const sent = { path: { more: "x" }, url: `${url}?t=1&t=2&%zz`, body: { a: 1 } };
  expect(validate({ example: {} }, sent)).toEqual({ params: {}, query: {}, body: undefined });
});

it("path parameters may have others among them, since the host puts the query's there", () => {
  expect(validate(operation, { ...fine, path: { ...fine.path, limit: "3" } }).params).toEqual(fine.path);
});
