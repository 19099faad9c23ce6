// npm run seed: runs seed-entity with the settings of the environment, or else with those of the npm start that runs.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

const root = join(import.meta.dirname, "..");
const running = join(process.env.LOCAL_DATA_DIR || join(root, ".local"), "services.env");

// A process of its own, because Node.js reads NODE_EXTRA_CA_CERTS, which is among the settings, only when it starts.
const local = !process.env.TABLES_ENDPOINT && existsSync(running) ? parseEnv(readFileSync(running, "utf8")) : {};
if (!process.env.TABLES_ENDPOINT && !existsSync(running))
  process.stderr.write("No npm start is running here, so the settings must be in the environment.\n");
const child = spawn(process.execPath, [join(root, "seed-entity", "main.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, ...local },
});
child.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
