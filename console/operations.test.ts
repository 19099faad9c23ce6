// The paths of the console's calls against the route table.
import { expect, it } from "vitest";
import { routes } from "../functions/routes.ts";
import { type CallName, calls, publicCalls } from "./operations.ts";

it.each(Object.entries(calls))("%s calls %s as the route table has it", (name, call) => {
  const route = routes.find((each) => each.name === name);
  expect(`${route?.methods[0]} ${route?.path.replace(/:\w+(?:\(\d+\))?\}/g, "}")}`).toBe(call);
  expect(publicCalls.has(name as CallName)).toBe(route?.access === "public");
});
