// Name, version and commit of the running code, from its package.json.
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { z } from "zod";

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  // npm's field for the commit. Only the package has it: source files may differ from any commit.
  gitHead: z.string().default("source"),
});

function read(file: string) {
  const { gitHead: commit, ...rest } = manifest.parse(JSON.parse(readFileSync(file, "utf8")));
  return { ...rest, commit };
}

// Next to the bundle in the package, at the project's root otherwise.
export const buildInfo = read(findPackageJSON(import.meta.url) as string);
