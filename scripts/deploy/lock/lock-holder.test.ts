// Whether another deployment holds the lock of a stage.
import { expect, it } from "vitest";
import { AzureError } from "../azure-cli.fixture.ts";
import { createStage } from "../deployment/simulated-stage.fixture.ts";
import { otherHolder } from "./lock-holder.ts";

const { target } = createStage("production", "c".repeat(40), "7");
const mine = target.operator.name;

it.each([
  ["another run", "run 9 of the pipeline", { state: "leased", by: "run 9 of the pipeline" }],
  ["a run that has not written its name yet", "another deployment", { state: "leased", by: null }],
  ["this run, which was killed", undefined, { state: "leased", by: mine }],
  ["a run that has ended", undefined, { state: "available", by: "run 9 of the pipeline" }],
  ["a run that was killed a minute ago", undefined, { state: "expired", by: "run 9 of the pipeline" }],
])("otherHolder of a lock of %s returns %s", async (_, expected, blob) => {
  expect(await otherHolder(async () => blob, target)).toBe(expected);
});

it("otherHolder finds no one before the first deployment, and throws when Azure does not respond", async () => {
  const failing = (text: string) => otherHolder(() => Promise.reject(new AzureError(text)), target);
  expect(await failing("The specified blob does not exist.\nErrorCode:BlobNotFound")).toBeUndefined();
  await expect(failing("Connection refused.")).rejects.toThrow("Connection refused.");
});
