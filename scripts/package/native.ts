// Installs what cannot be bundled, sharp, for where the app runs, whatever machine this is.
import { execFile } from "node:child_process";
import { copyFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Flex Consumption: Linux, x64, and Debian's C library. */
const TARGET = ["--os=linux", "--cpu=x64", "--libc=glibc"];
const QUIET = ["--no-audit", "--no-fund", "--loglevel=error"];

/** By path (`node_modules/sharp`), as npm's own record of an installation has it. */
export type Installed = Readonly<
  Record<string, { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> }>
>;

/**
 * Installs the dependencies of the manifest in `app`, in the versions of the project's package-lock.json, which npm holds
 * against its hashes. After `npm ci` on Linux they are in npm's cache; elsewhere the first time needs the network.
 */
export async function installNative(root: string, app: string): Promise<Installed> {
  const lock = join(app, "package-lock.json");
  const record = join(app, "node_modules", ".package-lock.json");
  await copyFile(join(root, "package-lock.json"), lock);
  // install, not ci: ci refuses a lock that knows more than the manifest; install leaves the rest out.
  const args = ["install", "--no-save", "--prefer-offline", "--ignore-scripts", "--no-bin-links", ...TARGET, ...QUIET];
  await promisify(execFile)("npm", args, { cwd: app });
  const { packages } = JSON.parse(await readFile(record, "utf8"));
  await Promise.all([rm(lock), rm(record)]);
  return packages;
}
