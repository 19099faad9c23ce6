// The token with which verify checks images, from the seed to the checks after a rollback.
import { decodeJwt } from "jose";
import { expect, it } from "vitest";
import { MIN_AGE_MS } from "../../../functions/images/reconcile.ts";
import { phases } from "./deadline.ts";
import { createDeployedStage, deployerHasNoDataRole, OLD, outputOf, runDeployment } from "./deployment.fixture.ts";
import { createStage } from "./simulated-stage.fixture.ts";

it("verify receives a token of an editor in its environment, and requires it", async () => {
  const stage = createStage();
  expect(await runDeployment(stage)).toBeUndefined();
  const [token = ""] = stage.state.verifyTokens;
  const { sub, role, iat = 0, exp = 0 } = decodeJwt(token);
  expect({ sub, role }).toEqual({ sub: "owner", role: "editor" });
  expect(exp - iat).toBe((phases.deploy + phases.rollBack) * 60);
  const checks = stage.state.commands.find((line) => line.startsWith("node verify"));
  const [, seconds] = /--require-token --thumbnail-within (\d+)/.exec(checks ?? "") ?? [];
  // Later the timer may create the thumbnail, and the check would pass without Event Grid.
  expect(Number(seconds) * 1000).toBeLessThan(MIN_AGE_MS);
  // On no command line, in no line of the log, in no environment of another program.
  expect([...stage.state.commands, outputOf(stage)].join("\n")).not.toContain(token);
  expect(JSON.stringify(stage.state.seeded)).not.toContain(token);
  expect(deployerHasNoDataRole(stage)).toBe(true);
});

it("the checks after a rollback use the token too", async () => {
  const stage = await createDeployedStage();
  const message = await runDeployment(stage, { healthy: false });
  expect(message).toContain(`Rolled back to ${OLD}, which passes its checks.`);
  const [first, second] = stage.state.verifyTokens;
  expect(first).toMatch(/^eyJ/);
  expect(second).toBe(first);
  expect(outputOf(stage, message)).not.toContain(first);
});

it.each([
  ["not created, because the site has other users. To create it: npm run seed -- --restore-owner"],
  ["already exists, and is disabled or may not write images"],
])("the images are not checked, with a warning, when the user owner is %s", async (line) => {
  const stage = createStage();
  stage.faults.ownerLines = `user "owner": ${line}\n`;
  expect(await runDeployment(stage)).toBeUndefined();
  expect(stage.state.verifyTokens).toEqual([undefined]);
  expect(stage.state.lines).toContain(
    '::warning::The images are not checked, as the user "owner" was deleted, disabled or made a viewer.',
  );
});

it("the images are checked when the seed has restored the user owner", async () => {
  const stage = createStage();
  stage.faults.ownerLines =
    'user "owner": already exists, and is disabled or may not write images\nuser "owner": signs in as ada@ada.dev, with role owner and state active\n';
  expect(await runDeployment(stage)).toBeUndefined();
  expect(stage.state.verifyTokens[0]).toMatch(/^eyJ/);
});

it("a deployment fails before the code is replaced when there is no signing key", async () => {
  const stage = await createDeployedStage();
  stage.state.signingKeys = [];
  expect(await runDeployment(stage)).toContain("has no enabled version of signing-keys");
  expect(stage.state.deployed?.commit).toBe(OLD);
  expect(deployerHasNoDataRole(stage)).toBe(true);
});
