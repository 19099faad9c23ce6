// Simulates Terraform on the stacks of a stage.
import { fail, SIGNED_URL, type StageFaults, type StageState } from "./stage-state.fixture.ts";

/** Ends the program with another code than 1. */
export class ExitCode extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

const changeOf = (type: string, actions: readonly string[]) => ({ address: `${type}.it`, type, change: { actions } });

export function createSimulatedTerraform(state: StageState, faults: StageFaults) {
  let isTainted = false;
  return ([folder = "", command = "", ...rest]: readonly string[]): string => {
    const stack = folder.split("/").at(-1) ?? "";
    if (command === "plan" && stack === "events" && state.deployed === undefined) fail("The event key does not exist.");
    if (command === "apply" && stack === "events" && faults.eventsErrors.length > 0) {
      isTainted = true;
      fail(faults.eventsErrors.shift() ?? "");
    }
    if (command === "apply") {
      state.stacks.add(stack);
      isTainted = false;
    }
    if (rest.includes("-detailed-exitcode") && faults.driftingTypes.length > 0) throw new ExitCode(2);
    if (command === "destroy") state.stacks.delete(stack);
    if (command === "plan" || command === "apply") return `callback_url = "${SIGNED_URL}"`;
    if (command !== "show") return "";
    const drifted = rest.includes("again.bin") ? faults.driftingTypes : [];
    const tainted = isTainted && stack === "events" ? ["azurerm_eventgrid_system_topic_event_subscription"] : [];
    const actions = state.stacks.has(stack) ? ["no-op"] : ["create"];
    return JSON.stringify({
      resource_changes: [
        { address: `azurerm_x.${stack}`, type: "azurerm_x", change: { actions, after: { callback_url: SIGNED_URL } } },
        ...[...faults.replacedTypes, ...tainted].map((type) => changeOf(type, ["delete", "create"])),
        ...drifted.map((type) => changeOf(type, ["update"])),
      ],
    });
  };
}
