// The parts of npm run functions-host that need no network.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { localSettings, readExports } from "./functions-host.ts";

it("readExports reads the environment that the services print, and nothing else", () => {
  const lines = ["Storage, identity and vault are running.", "", "export A_B='x=y'", "export C=''", "func start"];
  expect(readExports(lines)).toEqual({ A_B: "x=y", C: "" });
});

it("localSettings gives the example the addresses of the running services", () => {
  const example = readFileSync(join(import.meta.dirname, "../local.settings.example.json"), "utf8");
  const { IsEncrypted, Values } = JSON.parse(localSettings(example, { VAULT_URI: "https://127.0.0.1:1/", NEW: "1" }));
  expect(IsEncrypted).toBe(false);
  expect(Values).toMatchObject({ VAULT_URI: "https://127.0.0.1:1/", NEW: "1", FUNCTIONS_WORKER_RUNTIME: "node" });
});
