// Which values an error may send back: none that is marked, at whatever depth, and none that stands in for one.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fieldsOf, SECRET } from "./shown-fields.ts";

const secret = z.string().min(8).meta({ format: SECRET });
const user = z.object({ name: z.string(), password: secret });
type Tree = { readonly password: string; readonly children: readonly Tree[] };
const tree: z.ZodType<Tree> = z.object({
  password: secret,
  get children() {
    return z.array(tree);
  },
});

describe("a value", () => {
  it.each<[string, z.ZodType, readonly PropertyKey[]]>([
    ["marked", z.object({ password: secret }), ["password"]],
    ["optional", z.object({ password: secret.optional() }), ["password"]],
    ["nullable", z.object({ password: secret.nullable() }), ["password"]],
    ["with a default", z.object({ password: secret.default("12345678") }), ["password"]],
    ["transformed", z.object({ password: secret.transform((text) => text.trim()) }), ["password"]],
    ["preprocessed", z.object({ password: z.preprocess((given) => given, secret) }), ["password"]],
    ["in a list", z.array(user), [3, "password"]],
    ["in a tuple", z.tuple([z.string(), secret]), [1]],
    ["after a tuple", z.tuple([z.string()], secret), [4]],
    ["in a record", z.record(z.string(), secret), ["anything"]],
    ["of any other name", z.object({ name: z.string() }).catchall(secret), ["anything"]],
    ["in one shape of several", z.union([z.object({ key: z.string() }), z.object({ key: secret })]), ["key"]],
    ["in an intersection", z.intersection(z.object({ a: z.string() }), user), ["password"]],
    ["in something that holds itself", tree, ["children", 0, "children", 1, "password"]],
    ["used twice", z.object({ one: user, other: user }), ["other", "password"]],
    ["in something marked", z.object({ keys: z.object({ a: z.string() }).meta({ format: SECRET }) }), ["keys", "a"]],
    ["in place of the object around it", z.object({ user }), ["user"]],
    ["in place of all of it", tree, []],
    ["in place of a list of them", z.object({ users: z.array(user) }), ["users"]],
    ["that nothing describes", user, ["nickname"]],
    ["that only Object describes", user, ["constructor"]],
  ])("is not shown that is %s", (_, schema, path) => {
    expect(fieldsOf(schema).mayShow(path)).toBe(false);
  });

  it.each<[string, z.ZodType, readonly PropertyKey[]]>([
    ["beside one that is", user, ["name"]],
    ["in a list", z.array(user), [3, "name"]],
    ["in a tuple", z.tuple([z.string(), secret]), [0]],
    ["as everything", z.object({ name: z.string() }), []],
  ])("is shown that is not marked, %s", (_, schema, path) => {
    expect(fieldsOf(schema).mayShow(path)).toBe(true);
  });
});

it("the known fields of an object are those of all its shapes, at any depth", () => {
  const schema = z.object({ list: z.array(z.union([user, z.object({ id: z.guid() })])) });
  expect(fieldsOf(schema).known([])).toEqual(["list"]);
  expect(fieldsOf(schema).known(["list", 5])).toEqual(["name", "password", "id"]);
  expect(fieldsOf(schema).known(["list", 5, "name"])).toEqual([]);
});
