// Lets child processes share the compile cache of this process: npm test starts hundreds that load the same SDKs.
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";

/** The variable for a child's environment; empty when this process has no compile cache. */
export function compileCacheEnv(): { NODE_COMPILE_CACHE?: string } {
  // Node.js adds a folder for its version and architecture.
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
