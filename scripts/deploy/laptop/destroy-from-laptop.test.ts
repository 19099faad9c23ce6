// npm run destroy: one stage, and the question before.
import { describe, expect, it, vi } from "vitest";
import { createStage, DEPLOYER } from "../deployment/simulated-stage.fixture.ts";
import { confirmAtTerminal } from "./confirm.ts";
import { destroyFromLaptop } from "./destroy-from-laptop.ts";
import { createLaptop } from "./laptop.fixture.ts";

describe("destroyFromLaptop", () => {
  async function destroy(
    options: { yes?: string; dryRun?: boolean } = {},
    prepare = (_: ReturnType<typeof createLaptop>) => {},
  ) {
    const stage = createStage();
    stage.state.stacks.add("platform").add("events");
    const laptop = createLaptop(stage);
    const states = ["production/events.tfstate", "production/platform.tfstate"].map(
      (name) => `${laptop.stateAccount}/production/${name}`,
    );
    for (const name of states) laptop.leases.blobs.set(name, { metadata: {} });
    prepare(laptop);
    const { yes = "production", dryRun = false } = options;
    const message = await destroyFromLaptop(laptop.context, {
      stageName: "production",
      dryRun,
      confirm: confirmAtTerminal(yes),
    }).then(
      () => undefined,
      (error: Error) => error.message,
    );
    return { ...laptop, stage, states, message, left: [...laptop.leases.blobs.keys()] };
  }

  it("destroys events, then platform, then the state, and says what remains", async () => {
    const { message, stage, state, left, lines } = await destroy();
    expect(message).toBeUndefined();
    expect(stage.state.commands.filter((line) => line.includes(" destroy "))).toEqual([
      expect.stringContaining("stacks/events destroy"),
      expect.stringContaining("stacks/platform destroy"),
    ]);
    expect(left).toEqual([]);
    const text = lines.join("\n");
    expect(text).toMatch(/This deletes production: .* Azure cannot bring them back/);
    expect(text).toContain(
      `the deleted vault ${stage.target.names.vault}, for ${stage.target.config.vault.softDelete} days`,
    );
    expect(text).toContain("gh variable delete STATE_ACCOUNT");
    const { env } = state.environments.find(({ program }) => program.includes(" destroy ")) ?? {};
    expect(env).toMatchObject({ ARM_USE_CLI: "true", DEPLOYER_OBJECT_ID: DEPLOYER });
  });

  it.each([
    ["another word", { yes: "prod" }, 'Nothing was deleted: expected "production", received "prod".'],
    ["a dry run", { dryRun: true }, undefined],
  ])("deletes nothing with %s", async (_, options, expected) => {
    const { message, stage, left, states } = await destroy(options);
    expect(message).toBe(expected);
    expect([[...stage.state.stacks], left]).toEqual([["platform", "events"], states]);
  });

  it("keeps the state of a stage of which Terraform could not destroy all", async () => {
    const { message, left, states } = await destroy({}, ({ simulated }) => {
      simulated.faults.failingCommands = ["terraform"];
    });
    expect(message).toContain("failed with exit code 1");
    expect(left).toEqual(expect.arrayContaining(states));
  });

  it("requires the roles of a person who deploys", async () => {
    const { message, left, states } = await destroy({}, ({ state }) => {
      state.grants = [];
    });
    expect(message).toContain("npm run bootstrap -- --operator ada@ada.dev");
    expect(left).toEqual(states);
  });
});

it("confirmAtTerminal fails without a terminal and names the flag for scripts", async () => {
  vi.stubGlobal("process", Object.create(process, { stdin: { value: { isTTY: false } } }));
  await expect(confirmAtTerminal(undefined)("production")).rejects.toThrow("--confirm production");
  vi.unstubAllGlobals();
});
