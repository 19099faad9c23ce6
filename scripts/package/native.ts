// Installs sharp, which cannot be bundled, for the platform of Azure, on any machine.
import { execFile } from "node:child_process";
import { copyFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Flex Consumption: Linux, x64, and Debian's C library. */
const TARGET = ["--os=linux", "--cpu=x64", "--libc=glibc"];
const QUIET = ["--no-audit", "--no-fund", "--loglevel=error"];

/** npm's record of an installation, by path such as `node_modules/sharp`. */
export type InstalledPackages = Readonly<
  Record<string, { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> }>
>;

/**
 * Installs the dependencies of the manifest in `app`, in the versions of the project's package-lock.json. npm checks them
 * against its hashes. After `npm ci` on Linux they are in npm's cache; other systems need the network the first time.
 */
export async function installNative(root: string, app: string): Promise<InstalledPackages> {
  const lock = join(app, "package-lock.json");
  const record = join(app, "node_modules", ".package-lock.json");
  await copyFile(join(root, "package-lock.json"), lock);
  // npm ci rejects a lock file that lists more than the manifest. npm install ignores the rest.
  const args = ["install", "--no-save", "--prefer-offline", "--ignore-scripts", "--no-bin-links", ...TARGET, ...QUIET];
  await promisify(execFile)("npm", args, { cwd: app });
  const { packages } = JSON.parse(await readFile(record, "utf8"));
  await Promise.all([rm(lock), rm(record)]);
  return packages;
}
