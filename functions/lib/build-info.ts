// What runs here: name, version and commit, from the manifest that lies with this code.
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { z } from "zod";

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  // npm's own name for it; npm run build writes it. Sources have none: their files may differ from any commit.
  gitHead: z.string().default("source"),
});

function read(file: string) {
  const { gitHead: commit, ...rest } = manifest.parse(JSON.parse(readFileSync(file, "utf8")));
  return { ...rest, commit };
}

// Beside the bundle in what ships, at the project's root otherwise.
export const buildInfo = read(findPackageJSON(import.meta.url) as string);
