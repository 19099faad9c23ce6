// Places in the fragment of the URL.
import { expect, it } from "vitest";
import { placeOf } from "./router.ts";

it.each([
  ["", "", undefined, ""],
  ["#", "", undefined, ""],
  ["#/images", "images", undefined, ""],
  ["#/images/", "images", undefined, ""],
  ["#/images/7?tag=a%20b", "images", "7", "tag=a+b"],
  ["#/redeem?token=u.s-_?x", "redeem", undefined, "token=u.s-_"],
  ["#/%zz/%2F", "%zz", "/", ""],
])("reads %s", (hash, view, id, params) => {
  const place = placeOf(hash);
  expect([place.view, place.id, String(place.params)]).toEqual([view, id, params]);
});
