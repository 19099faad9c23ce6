// The recount as a process: prints a line for each month that differs, and exits with 1 when one should not.
import { createDeps } from "../functions/deps.ts";
import { recountAll } from "../functions/images/recount.ts";
import { tables } from "../functions/lib/names.ts";
import { readSettings } from "../functions/lib/settings.ts";

try {
  const deps = createDeps(readSettings());
  for await (const { isDifferent, line } of recountAll({
    table: deps.table(tables.images, 2),
    usageRows: deps.usageRows,
  })) {
    process.stdout.write(`${line}\n`);
    if (isDifferent) process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`recount: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
