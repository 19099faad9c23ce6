// The content of the package, its reproducibility, and its bill of materials.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import * as Spec from "@cyclonedx/cyclonedx-library/Spec";
import { JsonStrictValidator } from "@cyclonedx/cyclonedx-library/Validation";
import type { Metafile } from "esbuild";
import { unzipSync } from "fflate";
import { expect, it } from "vitest";

type Manifest = { name: string; version: string };
type Component = { group?: string; name: string; version: string; scope: string; "bom-ref": string };
type Sbom = {
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
};

const root = join(import.meta.dirname, "..");
const output = { zip: join(root, "package/vitae.zip"), sbom: join(root, "package/vitae.cdx.json") };
const unpacked = process.env.VITAE_ROOT as string;
const text = (path: string) => readFileSync(path, "utf8");
const read = <T>(path: string): T => JSON.parse(text(path));
const hash = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
const files = Object.keys(unzipSync(readFileSync(output.zip)));

it("the package contains only the bundle, the console, host.json, package.json and sharp for Linux on x64 with glibc", () => {
  const modules = files.filter((file) => file.startsWith("node_modules/"));
  const packages = new Set(modules.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]));
  expect([...packages].sort()).toEqual([
    "@img/colour",
    "@img/sharp-libvips-linux-x64",
    "@img/sharp-linux-x64",
    "detect-libc",
    "semver",
    "sharp",
  ]);
  expect(files).toContain(`node_modules/@img/sharp-linux-x64/lib/sharp-linux-x64-${locked("sharp").version}.node`);
  const topLevel = files.filter((file) => !modules.includes(file));
  expect(topLevel.filter((file) => !/^[\w-]+(\.node)?(-[A-Z\d]{8})?\.js$/.test(file))).toEqual([
    "console.json",
    "host.json",
    "package.json",
  ]);
  expect(topLevel).toContain("app.js");
  expect(files).toEqual(files.toSorted());
});

it("the package has at most 15 MiB", () => {
  expect(statSync(output.zip).size).toBeLessThanOrEqual(15 * 2 ** 20);
});

it("the console has at most 60 kB gzipped without charts, no source map, and no code in its page", () => {
  const console = read<Record<string, { text: string }>>(join(unpacked, "console.json"));
  const parts = Object.entries(console).filter(([name]) => !name.startsWith("chart-"));
  const bytes = parts.reduce((sum, [, { text }]) => sum + gzipSync(text).length, 0);
  expect(parts.length).toBeGreaterThanOrEqual(3);
  expect(bytes).toBeLessThanOrEqual(60_000);
  expect(console[""]?.text).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=/);
  expect(JSON.stringify(console)).not.toContain("sourceMappingURL");
});

function locked(name: string): Manifest {
  const { packages } = read<{ packages: Record<string, Manifest> }>(join(root, "package-lock.json"));
  return { ...(packages[`node_modules/${name}`] as Manifest), name };
}

it("the package contains and loads sharp in the versions of package-lock.json", () => {
  for (const manifest of globSync("node_modules/{*,@*/*}/package.json", { cwd: unpacked })) {
    const { name, version } = read<Manifest>(join(unpacked, manifest));
    expect(version, name).toBe(locked(name).version);
  }
  const require = createRequire(join(unpacked, "app.js"));
  expect(require.resolve("sharp").startsWith(unpacked)).toBe(true);
  expect(require("sharp").versions.sharp).toBe(locked("sharp").version);
});

it("the package is byte for byte the same when built in another folder, time zone and language", async () => {
  const { gitHead } = read<{ gitHead: string }>(join(unpacked, "package.json"));
  const folder = mkdtempSync(join(tmpdir(), "vitae-package-copy-"));
  try {
    for (const path of [
      "console",
      "functions",
      "scripts",
      "host.json",
      "package.json",
      "package-lock.json",
      "tsconfig.json",
    ])
      cpSync(join(root, path), join(folder, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const env = { ...process.env, GITHUB_SHA: gitHead, TZ: "Asia/Tokyo", LC_ALL: "tr_TR.UTF-8" };
    await promisify(execFile)(process.execPath, ["scripts/package.ts"], { cwd: folder, env });
    expect(hash(join(folder, "package/vitae.zip"))).toBe(hash(output.zip));
    expect(text(join(folder, "package/vitae.cdx.json"))).toBe(text(output.sbom));
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 180_000);

it("the bill of materials is valid CycloneDX without timestamp, serial number or local path", async () => {
  expect(await new JsonStrictValidator(Spec.Version.v1dot6).validate(text(output.sbom))).toBeNull();
  expect(text(output.sbom)).not.toMatch(/serialNumber|timestamp/);
  expect(text(output.sbom)).not.toContain(root);
});

it("the bill of materials lists exactly the bundled and the installed packages", () => {
  const { outputs } = read<Metafile>(join(root, "package/metafile.json"));
  const inputs = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const folders = inputs.flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? (/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []) : [],
  );
  const installed = globSync("node_modules/{[!@]*,@*/*}", { cwd: unpacked }).map((path) => join(unpacked, path));
  const expected = [...folders.map((path) => join(root, path)), ...installed].map((path) => {
    const { name, version } = read<Manifest>(join(path, "package.json"));
    return `${name}@${version}`;
  });
  const { components } = read<Sbom>(output.sbom);
  const listed = components.map(({ group, name, version }) => `${group ? `${group}/` : ""}${name}@${version}`);
  expect([...new Set(listed)].sort()).toEqual([...new Set(expected)].sort());
  expect(components.filter(({ scope }) => scope !== "required")).toEqual([]);
});

it("the bill of materials has the dependencies of sharp", () => {
  const { metadata, dependencies } = read<Sbom>(output.sbom);
  const dependenciesOf = (ref: string) =>
    (dependencies.find((each) => each.ref.startsWith(ref))?.dependsOn ?? []).map((each) => each.split("#")[0]);
  expect(dependenciesOf(metadata.component["bom-ref"])).toContain(`sharp@${locked("sharp").version}`);
  expect(dependenciesOf(`sharp@${locked("sharp").version}`).sort()).toEqual(
    ["@img/colour", "@img/sharp-libvips-linux-x64", "@img/sharp-linux-x64", "detect-libc", "semver"].map(
      (name) => `${name}@${locked(name).version}`,
    ),
  );
});
