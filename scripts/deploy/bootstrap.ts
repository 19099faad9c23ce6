// npm run bootstrap: prepares a subscription for the first deployment. By hand, once, by who owns the subscription.
import { parseArgs } from "node:util";
import type { Repository } from "./bootstrap-plan.ts";
import { bootstrap } from "./bootstrap-steps.ts";
import { createAz, run, runOrThrow } from "./command.ts";

const USAGE =
  "Usage: npm run bootstrap -- --repository OWNER/NAME [--owner-id N --repository-id N] [--location westeurope] [--dry-run]";

/** GitHub's numbers are asked for, unless given. */
async function readRepository(given: {
  readonly repository: string | undefined;
  readonly ownerId: string | undefined;
  readonly id: string | undefined;
}): Promise<Repository> {
  const [owner = "", name = "", ...rest] = (given.repository ?? "").split("/");
  if (!/^[\w-]+$/.test(owner) || !/^[\w.-]+$/.test(name) || rest.length > 0)
    throw new Error(`--repository must be OWNER/NAME, received "${given.repository ?? ""}".\n${USAGE}`);
  let numbers = [given.ownerId, given.id];
  if (numbers.includes(undefined)) {
    const path = `repos/${owner}/${name}`;
    const text = await runOrThrow(run, ["gh", ["api", path, "--jq", "[.owner.id, .id] | @tsv"]]).catch((cause) => {
      throw new Error(
        `GitHub's numbers of ${owner}/${name} are not known: run gh auth login, or give --owner-id and --repository-id.`,
        { cause },
      );
    });
    numbers = text.trim().split("\t");
  }
  const [ownerId = "", id = ""] = numbers;
  for (const number of [ownerId, id])
    if (!/^[1-9]\d*$/.test(number))
      throw new Error(`An id of GitHub is a whole number, received "${number}".\n${USAGE}`);
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
  const found = await readRepository({ repository, ownerId, id });
  for await (const line of bootstrap({ az: createAz(run), repository: found, location, dryRun }))
    process.stdout.write(`${line}\n`);
} catch (error) {
  process.stderr.write(`bootstrap: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
