// npm run bootstrap: prepares a subscription for the first deployment. Its owner runs it once, by hand.
import { readCommandLine } from "../command-line.ts";
import type { Repository } from "./bootstrap-plan.ts";
import { bootstrap } from "./bootstrap-steps.ts";
import { createAz, run, runOrThrow } from "./command.ts";

const { flags } = readCommandLine({
  name: "npm run bootstrap",
  about:
    "Prepares a subscription and a repository for deployments. Its owner runs it once; a second run changes nothing.",
  flags: {
    repository: { value: "OWNER/NAME", about: "the repository on GitHub" },
    "owner-id": { value: "N", about: "id of the owner; read with gh when absent" },
    "repository-id": { value: "N", about: "id of the repository; read with gh when absent" },
    location: { value: "REGION", about: "Azure region of the state account", default: "westeurope" },
    "dry-run": { about: "prints what is missing, and creates nothing" },
  },
});

/** Reads the numeric ids from GitHub unless the flags give them. */
async function readRepository(options: {
  readonly repository: string | undefined;
  readonly ownerId: string | undefined;
  readonly id: string | undefined;
}): Promise<Repository> {
  const [owner = "", name = "", ...rest] = (options.repository ?? "").split("/");
  if (!/^[\w-]+$/.test(owner) || !/^[\w.-]+$/.test(name) || rest.length > 0)
    throw new Error(`--repository must be OWNER/NAME, received "${options.repository ?? ""}".`);
  let ids = [options.ownerId, options.id];
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
    if (!/^[1-9]\d*$/.test(value)) throw new Error(`A GitHub id must be a whole number, received "${value}".`);
  return { owner, name, ownerId: Number(ownerId), id: Number(id) };
}

try {
  const { repository, "owner-id": ownerId, "repository-id": id, location, "dry-run": dryRun } = flags;
  const checked = await readRepository({ repository, ownerId, id });
  for await (const line of bootstrap({ az: createAz(run), repository: checked, location, dryRun }))
    process.stdout.write(`${line}\n`);
} catch (error) {
  process.stderr.write(`bootstrap: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
