// The timer's recount of a month whose pages come too slowly.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createMemoryTable } from "../lib/azure/memory-table.fixture.ts";
import { createLog } from "../lib/log.ts";
import { applyRetention } from "./retention-timer.ts";
import { createUsageRows } from "./usage-rows.ts";

it("a month that cannot be counted within the time of a run stays marked, and its recount ends", async () => {
  const store = createMemoryTable();
  const rows = createUsageRows(store.connect(async (apply) => apply()));
  await rows.mark("ada", "2026-11");
  const slow = store.connect(async (apply) => {
    await sleep(100);
    return apply();
  });
  const lines: string[] = [];
  const sink = (line: string) => void lines.push(line);
  const unused = () => Promise.reject(new Error("not called"));
  async function* none() {}
  await applyRetention(
    {
      images: { change: unused },
      originals: { setTags: unused, tags: unused },
      deletion: { startIf: unused },
      publisher: { announce: unused, sync: unused },
      retentionRows: { ended: none, expired: none, untagged: none, shorter: none },
      usageRows: { marked: rows.marked, recount: createUsageRows(slow).recount },
      users: { read: async () => [] },
    },
    { log: createLog({ debug: sink, info: sink, warn: sink, error: sink }), runMs: 50 },
  );
  expect(lines.at(-1)).toContain("retention-applied");
  expect(await rows.months("ada")).toEqual([{ month: "2026-11", usage: {}, isMarked: true }]);
});
