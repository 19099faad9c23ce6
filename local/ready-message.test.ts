import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { readyMessage } from "./ready-message.ts";

it("the commands that npm start prints name its folder of data, also one with a quote and a space", () => {
  const dataDir = "/tmp/ada's data";
  const message = readyMessage("http://localhost:7071", { data: dataDir, page: "resume", email: "a@b.c", dataDir });
  const [, assignment = ""] = /^ {2}Token {10}(LOCAL_DATA_DIR=.*) npm run token/m.exec(message) ?? [];
  expect(execFileSync("sh", ["-c", `${assignment}; printf %s "$LOCAL_DATA_DIR"`]).toString()).toBe(dataDir);
});
