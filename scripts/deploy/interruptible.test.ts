// What Ctrl-C and a lost lock do to the programs and waits of a deployment, with real programs.
import { expect, it } from "vitest";
import type { Run } from "./command.ts";
import { deployContext } from "./deploy-context.ts";
import { interruptible } from "./interruptible.ts";

/** Reports when it is ready, and on SIGINT what it saved, as Terraform does. The sleep begins first, so that no signal comes too early. */
const SAVES = 'sleep 600 & trap "echo saved; kill $!; exit 3" INT; echo ready; wait';

/** Resolves with a program that has printed its first line. */
async function startSaving(run: Run) {
  const ready = Promise.withResolvers<void>();
  const write = process.stdout.write;
  process.stdout.write = (text) => {
    if (String(text).includes("ready")) ready.resolve();
    return true;
  };
  const program = run("sh", ["-c", SAVES], { show: true, graceMs: 60_000 }).finally(() => {
    process.stdout.write = write;
  });
  await ready.promise;
  return { program };
}

it("interrupt ends the programs and waits of this moment with its reason, and later ones run", async () => {
  const { context, interrupt } = interruptible(deployContext);
  const { program } = await startSaving(context.run);
  const wait = context.clock.sleep(600_000);
  interrupt(new Error("Interrupted."));
  const reasons = (await Promise.allSettled([program, wait])).map(
    (result) => "reason" in result && result.reason.message,
  );
  expect(reasons).toEqual(["Interrupted.", "Interrupted."]);
  expect(await context.run("echo", ["rollback"])).toEqual({ code: 0, stdout: "rollback\n", stderr: "" });
});

it("stop ends everything, also in a context within, and starts nothing more", async () => {
  const outer = interruptible(deployContext);
  const { context } = interruptible(outer.context);
  const { program } = await startSaving(context.run);
  outer.stop(new Error("The lock was lost."));
  outer.interrupt(new Error("Interrupted."));
  await expect(program).rejects.toThrow("The lock was lost.");
  for (const call of [() => context.run("touch", ["/nowhere/x"]), () => context.az("account", "show")])
    await expect(call()).rejects.toThrow("The lock was lost.");
  await expect(context.clock.sleep(1)).rejects.toThrow("The lock was lost.");
  await expect(context.fetch("http://localhost:9/")).rejects.toThrow("The lock was lost.");
});
