// npm run bootstrap: prepares a subscription for the first deployment. Its owner runs it once, by hand.
import { parseArgs } from "node:util";
import type { Repository } from "./bootstrap-plan.ts";
import { bootstrap } from "./bootstrap-steps.ts";
import { createAz, run, runOrThrow } from "./command.ts";

const USAGE =
  "Usage: npm run bootstrap -- --repository OWNER/NAME [--owner-id N --repository-id N] [--location westeurope] [--dry-run]";

/** Reads the numeric ids from GitHub unless the flags give them. */
async function readRepository(flags: {
  readonly repository: string | undefined;
  readonly ownerId: string | undefined;
  readonly id: string | undefined;
}): Promise<Repository> {
  const [owner = "", name = "", ...rest] = (flags.repository ?? "").split("/");
  if (!/^[\w-]+$/.test(owner) || !/^[\w.-]+$/.test(name) || rest.length > 0)
    throw new Error(`--repository must be OWNER/NAME, received "${flags.repository ?? ""}".\n${USAGE}`);
  let ids = [flags.ownerId, flags.id];
  if (ids.includes(undefined)) {
    const path = `repos/${owner}/${name}`;
    const text = await runOrThrow(run, ["gh", ["api", path, "--jq", "[.owner.id, .id] | @tsv"]]).catch((cause) => {
      throw new Error(
        `The GitHub ids of ${owner}/${name} could not be read: run gh auth login, or pass --owner-id and --repository-id.`,
        { cause },
      );
    });
    ids = text.trim().split("\t");
  }
  const [ownerId = "", id = ""] = ids;
  for (const value of [ownerId, id])
    if (!/^[1-9]\d*$/.test(value))
      throw new Error(`A GitHub id must be a whole number, received "${value}".\n${USAGE}`);
  return { owner, name, ownerId: Number(ownerId), id: Number(id) };
}

try {
  const string = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      repository: string,
      "owner-id": string,
      "repository-id": string,
      location: { type: "string", default: "westeurope" },
      "dry-run": { type: "boolean", default: false },
    },
  });
  const { repository, "owner-id": ownerId, "repository-id": id, location, "dry-run": dryRun } = values;
  const checked = await readRepository({ repository, ownerId, id });
  for await (const line of bootstrap({ az: createAz(run), repository: checked, location, dryRun }))
    process.stdout.write(`${line}\n`);
} catch (error) {
  process.stderr.write(`bootstrap: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
