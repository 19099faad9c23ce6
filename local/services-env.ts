// Where the running services are, for commands in another shell: npm run seed reads this file.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the settings into the data dir, for its owner alone, as util.parseEnv reads them. The answer removes it. */
export function shareServices(dataDir: string, env: Readonly<Record<string, string>>): () => void {
  const file = join(dataDir, "services.env");
  const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}
