// The app in Azure: gives it a package, waits until that answers, and until events can be sent to it.
import { join } from "node:path";
import { redact } from "./redact.ts";
import type { DeployTarget } from "./target.ts";
import { MINUTE, ROLES_SPREAD, retry, type World } from "./world.ts";

const checks = join(import.meta.dirname, "..", "..", "verify", "main.ts");

class NotYet extends Error {
  override name = "NotYet";
}
const whileNotYet = (fault: unknown) => (fault instanceof NotYet ? fault.message : undefined);

export function createApp(world: World, { names, stage, config }: DeployTarget) {
  const at = ["--resource-group", names.resourceGroup, "--name", names.functionApp];
  const url = async () =>
    `https://${await world.az("functionapp", "show", ...at, "--query", "properties.defaultHostName || defaultHostName")}`;

  const workspaceId = async () => {
    const where = ["--resource-group", names.resourceGroup, "--workspace-name", names.workspace];
    return String(await world.az("monitor", "log-analytics", "workspace", "show", ...where, "--query", "customerId"));
  };

  return {
    url,
    /** Any fault may be the roles of a new app, which Azure needs to store the package: tried for ten minutes. */
    async deploy(file: string): Promise<void> {
      await retry(
        world,
        () =>
          world.az(
            "functionapp",
            "deployment",
            "source",
            "config-zip",
            ...at,
            "--src",
            file,
            "--build-remote",
            "false",
          ),
        { for: ROLES_SPREAD, every: 30_000, passes: () => "The package was not taken yet" },
      );
    },
    /** @throws {Error} when another commit, or nobody, answers for five minutes */
    async waitFor(commit: string): Promise<void> {
      const address = `${await url()}/api/health`;
      const ask = async () => {
        const found = await world
          .fetch(address, { signal: AbortSignal.timeout(30_000) })
          .then(async (answer) => ((await answer.json()) as { commit?: string }).commit)
          .catch((error: Error) => error.message);
        if (found !== commit) throw new NotYet(`${address} tells commit ${commit} not yet, but: ${found}`);
      };
      await retry(world, ask, { for: 5 * MINUTE, every: 10_000, passes: whileNotYet });
    },
    /** The key of the event webhook is made by the running code. Asks only whether it is there. */
    hasEventKey: async () =>
      (await world.az("functionapp", "keys", "list", ...at, "--query", "systemKeys.blobs_extension != null")) === true,
    async waitForEventKey(): Promise<void> {
      const ask = async () => {
        if (!(await this.hasEventKey())) throw new NotYet("The app has not made the key of its event webhook");
      };
      await retry(world, ask, { for: 5 * MINUTE, every: 15_000, passes: whileNotYet });
    },
    /** Checks from outside, and shows what is checked. */
    async verify(commit: string, args: readonly string[]): Promise<{ passed: boolean; text: string }> {
      const [origin = ""] = config.origins;
      const flags = ["--url", await url(), "--commit", commit, "--allowed-origin", origin, ...args];
      // Telemetry is asked for too, which takes minutes to arrive: worth waiting for where it has to be there.
      if (stage === "production") flags.push("--production", "--workspace", await workspaceId());
      const { code, stdout, stderr } = await world.run(process.execPath, [checks, ...flags], { show: true });
      return { passed: code === 0, text: redact(stdout + stderr) };
    },
  };
}
export type App = ReturnType<typeof createApp>;
