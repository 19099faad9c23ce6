// The messages of npm start when it cannot start: one line without a stack, and exit code 1.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataDir, writeServicesEnv } from "./data-dir.ts";
import { listen } from "./listen.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vitae-start-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function start(settings: Record<string, string>, ...flags: string[]): Promise<{ code: unknown; output: string }> {
  const env = { ...process.env, LOCAL_DATA_DIR: join(dir, "data"), ...settings };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, "start.ts"), ...flags], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

test("npm start rejects a port in use with the way to choose another", async () => {
  const other = await listen(createServer(), "another program");
  expect(await start({ PORT: String(other.port) })).toEqual({
    code: 1,
    output: `Vitae cannot listen on port ${other.port}: it is in use. Choose another port, or 0 for any free one: PORT=0 npm start\n`,
  });
  await other.close();
});

test("npm start names the process that uses the data dir, also when that process uses the port as well", async () => {
  const open = openDataDir(join(dir, "data"));
  // As a start that runs. For one without services, which may be ending, the next one waits ten seconds.
  writeServicesEnv(open.path, {});
  const other = await listen(createServer(), "the first start");
  const { code, output } = await start({ PORT: String(other.port) });
  expect(code).toBe(1);
  expect(output).toMatch(new RegExp(`^The data dir ${open.path} is in use by process ${process.pid}\\..*\\n$`));
  await other.close();
  open.release();
});

test("npm start rejects an invalid port, another stage and an unknown flag", async () => {
  expect(await start({ PORT: "http" })).toEqual({
    code: 1,
    output: 'PORT must be a number from 0 (any free port) to 65535, received "http". Example: PORT=7072 npm start\n',
  });
  expect(await start({ PORT: "65536" })).toMatchObject({ code: 1 });
  expect(await start({ STAGE: "production" })).toEqual({
    code: 1,
    output: 'npm start always runs the stage "local", received STAGE="production". Unset STAGE.\n',
  });
  const { code, output } = await start({}, "--wach");
  expect(code).toBe(1);
  expect(output).toMatch(/^Unknown flag --wach\. The flags of npm start are --built, .*\n$/);
});
