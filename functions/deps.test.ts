// The lifetime of dependencies.
import { expect, it } from "vitest";
import { createDeps } from "./deps.ts";
import { readSettings } from "./lib/settings.ts";

it("createDeps creates each dependency once, on first read", () => {
  const deps = createDeps(readSettings());
  const isCreated = () => Object.getOwnPropertyDescriptor(deps, "vault")?.get === undefined;
  expect(isCreated()).toBe(false);
  expect(deps.vault).toBe(deps.vault);
  expect(isCreated()).toBe(true);
  expect(deps.originals).toBe(deps.originals);
});
