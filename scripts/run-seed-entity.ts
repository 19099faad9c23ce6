// npm run seed: runs seed-entity with the settings in the environment, or with those of a running npm start.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

const root = join(import.meta.dirname, "..");
const running = join(process.env.LOCAL_DATA_DIR || join(root, ".local"), "services.env");

// In a child process, because Node.js reads NODE_EXTRA_CA_CERTS, one of the settings, only when it starts.
const local = !process.env.TABLES_ENDPOINT && existsSync(running) ? parseEnv(readFileSync(running, "utf8")) : {};
if (!process.env.TABLES_ENDPOINT && !existsSync(running))
  process.stderr.write("npm start is not running here: set the settings in the environment.\n");
const child = spawn(process.execPath, [join(root, "seed-entity", "main.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, ...local },
});
child.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
