// npm run revoke-links against a simulated subscription: order, failures, and the command as a process.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readConfig } from "../../../infra/config.ts";
import { namesOf } from "../../../infra/naming.ts";
import { emptySubscription, runAz, SUBSCRIPTION } from "../azure-cli.fixture.ts";
import { run } from "../command.ts";
import { deployContext } from "../deploy-context.ts";
import { installStandIn } from "../stand-in.fixture.ts";
import { revokeLinks } from "./revoke-links.ts";

const COMMAND = join(import.meta.dirname, "run-revoke-links.ts");
const { resourceGroup, mediaAccount, functionApp } = namesOf(
  "production",
  SUBSCRIPTION,
  readConfig("production").region,
);

function deployedSubscription() {
  const subscription = emptySubscription();
  subscription.groups[resourceGroup] = "westeurope";
  subscription.storage[mediaAccount] = { flags: {}, blobs: {}, containers: [] };
  return subscription;
}

/** Revokes, while the first `failures` restarts fail, and returns what was written and logged. */
async function revoke(failures: number) {
  const subscription = deployedSubscription();
  const lines: string[] = [];
  let now = 0;
  let left = failures;
  const clock = {
    now: () => now,
    async sleep(milliseconds: number) {
      now += milliseconds;
    },
  };
  const az = async (...args: string[]) => {
    if (args[1] === "restart" && left-- > 0) throw new Error("(Conflict) another operation is in progress");
    return runAz(subscription, args);
  };
  const error = await revokeLinks({ az, clock, log: (line) => void lines.push(line) }, "production").then(
    () => undefined,
    (thrown: Error) => thrown.message,
  );
  return { error, lines, writes: subscription.writes };
}
const revoked = `storage account revoke-delegation-keys ${mediaAccount}`;
const restarted = `functionapp restart ${functionApp}`;

it("revoke-links revokes the keys of the media account, restarts the app, and says to try a new link", async () => {
  const { error, writes, lines } = await revoke(0);
  expect([error, writes]).toEqual([undefined, [revoked, restarted]]);
  expect(lines.at(-1)).toContain("issue a new link and open it");
});

it("revoke-links tries the restart again for five minutes, and then reports that links do not open", async () => {
  expect((await revoke(3)).writes).toEqual([revoked, restarted]);
  const { error, writes } = await revoke(100);
  expect(writes).toEqual([revoked]);
  expect(error).toContain(`The keys are revoked, but ${functionApp} did not restart`);
  expect(error).toContain("run this again");
});

it("revoke-links runs as a command with the login of az, and rejects a missing stage", async () => {
  await using az = await installStandIn("az", "az.ts");
  const state = join(az.folder, "azure.json");
  await writeFile(state, JSON.stringify(deployedSubscription()));
  const env = { AZURE_STATE: state, PATH: az.PATH };
  const { code, stdout, stderr } = await run(process.execPath, [COMMAND, "--stage", "production"], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`Restarted ${functionApp}`);
  const rejected = await run(process.execPath, [COMMAND], { env });
  expect([rejected.code, rejected.stderr]).toEqual([1, expect.stringContaining("--stage must be production")]);
  const denied = await run(process.execPath, [COMMAND, "--stage", "production"], {
    env: { ...env, AZURE_FAILS: "storage account revoke" },
  });
  expect([denied.code, denied.stderr]).toEqual([1, expect.stringContaining("AuthorizationFailed")]);
  const message = "ERROR: Please run 'az login' to setup account.";
  const loggedOut = async () => Promise.reject(new Error(message));
  await expect(revokeLinks({ ...deployContext, az: loggedOut }, "production")).rejects.toThrow(/ Run: az login$/);
});

it("a program that takes too long is ended with what it started, and fails", async () => {
  // The shell waits for a program that keeps its output open, as the script az waits for Python.
  const { code, stderr } = await run("sh", ["-c", "sleep 600; true"], { timeoutMs: 200 });
  expect(code).not.toBe(0);
  expect(stderr).toContain("Ended, as it had not finished after 0.2 s");
});
