// Builds the app without a bundle: one JavaScript file for each source, packages left in node_modules.
import { globSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const oneFileEach: Plugin = {
  name: "one-file-each",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === "entry-point" ? undefined : { path: path.replace(/\.ts$/, ".js"), external: true },
    );
  },
};

/** @returns the entry `plain`, and the entry `eager`, which loads telemetry and sharp first as apps commonly do */
export async function buildUnbundled(root: string): Promise<{ plain: string; eager: string }> {
  // Below the root, so that packages are found; ignored by git.
  const outdir = join(root, ".local", "bench-unbundled");
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: globSync("functions/**/*.ts", {
      cwd: root,
      exclude: ["**/*.test.ts", "**/*.{fixture,simulation}.ts"],
    }),
    outdir,
    outbase: "functions",
    bundle: true,
    plugins: [oneFileEach],
    format: "esm",
    platform: "node",
    target: "node24",
    logLevel: "warning",
  });
  const eager = join(outdir, "eager.js");
  await writeFile(eager, 'import "applicationinsights";\nimport "sharp";\nimport "./app.js";\n');
  return { plain: join(outdir, "app.js"), eager };
}
