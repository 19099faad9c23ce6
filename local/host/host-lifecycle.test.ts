// The app's process over time: starting, failing to, dying, ending, and outliving nobody.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { fixture, start } from "./host.fixture.ts";

const marker = () => join(tmpdir(), `vitae-host-${randomUUID()}`);
const withFile = () => {
  const file = marker();
  writeFileSync(file, "");
  return file;
};

describe("starting", () => {
  test("fails with nothing but the app's words when the app's error is for people", async () => {
    const starting = start("faulty", { env: { FAULT: "settings" } });
    await expect(starting).rejects.toThrow(/^Two settings are wrong:\n {2}A is missing\n {2}B is no URL$/);
  });

  test("fails with the stack when the app has a bug", async () => {
    await expect(start("faulty", { env: { FAULT: "bug" } })).rejects.toThrow(
      /TypeError: undefined is not a function\n.*app\.ts/,
    );
  });

  test("fails when the app's process ends while it loads", async () => {
    await expect(start("faulty", { env: { FAULT: "exit" } })).rejects.toThrow(
      "ended before the app was loaded (exit code 9)",
    );
  });

  test("fails when the app does not stream HTTP, which this host needs", async () => {
    await expect(start("faulty", { env: { FAULT: "no-streaming" } })).rejects.toThrow(
      "app.setup({ enableHttpStream: true })",
    );
  });

  test("fails when a route template is wrong, with the function's name", async () => {
    await expect(start("faulty", { env: { FAULT: "route" } })).rejects.toThrow(
      /^Function badly-routed: The route template .* contains "\{y:id\}"/,
    );
  });

  test("fails in one line that names the port and the way out when the port is taken", async () => {
    for (const address of ["127.0.0.1", "::1"]) {
      const other = createServer().listen(0, address);
      await once(other, "listening");
      onTestFinished(() => void other.close());
      const { port } = other.address() as { port: number };
      await expect(start("basic", { port })).rejects.toThrow(
        `The functions host cannot listen on port ${port}: it is in use.`,
      );
    }
  });

  test("serves the app as a bundle just as from its sources", async () => {
    const root = marker();
    await build({
      entryPoints: [join(fixture("basic"), "app.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["@azure/functions-core"],
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
      outfile: join(root, "app.mjs"),
    });
    onTestFinished(() => rmSync(root, { recursive: true }));
    writeFileSync(join(root, "package.json"), '{ "main": "app.mjs" }');
    writeFileSync(join(root, "host.json"), '{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }');
    const { url } = await start("basic", { root });
    expect(await fetch(`${url}/echo`, { method: "POST", body: "same" }).then((response) => response.text())).toBe(
      "same",
    );
  });
});

test("hooks run at the start, around invocations and at the end, and may change what a function gives", async () => {
  const { url, lines, line, close } = await start("lifecycle");
  expect(await (await fetch(`${url}/api/fail`)).text()).toBe("mended by the hook");
  await line(/^postInvocation by the hook$/);
  await close();
  expect(lines).toEqual(["appStart", "preInvocation fail", "postInvocation by the hook", "appTerminate true"]);
});

describe("when the app's process dies", () => {
  test("requests under way are answered 502, and it is started again", async () => {
    const { url, line } = await start("basic");
    const before = await (await fetch(`${url}/api/pid`)).text();
    const slow = fetch(`${url}/api/slow?file=/none`);
    await line(/slow begun/);
    expect((await fetch(`${url}/api/crash`)).status).toBe(502);
    expect((await slow).status).toBe(502);
    await line(/^about to crash$/);
    await line(/^The app's process ended \(exit code 3\)\. Starting it again in \d+ ms\.$/);
    await vi.waitFor(async () => {
      const response = await fetch(`${url}/api/pid`);
      expect(response.status).toBe(200);
      expect(await response.text()).not.toBe(before);
    }, 5000);
  });

  test("over and over at its start, the host says so, gives up, and answers 503", async () => {
    const file = withFile();
    const { url, line } = await start("faulty", { env: { FAULT: "exit", FILE: file } });
    expect((await fetch(`${url}/api/crash`)).status).toBe(502);
    await line(/ended before the app was loaded .* 6 times in a row and is not started again/);
    expect((await fetch(`${url}/api/crash`)).status).toBe(503);
  }, 15_000);
});

describe("closing", () => {
  test("lets the request under way finish and takes no new one", async () => {
    const { url, line, close } = await start("basic");
    const file = marker();
    const slow = fetch(`${url}/api/slow?file=${file}`);
    await line(/slow begun/);
    const closed = close();
    await expect(fetch(`${url}/api/pid`)).rejects.toThrow();
    writeFileSync(file, "");
    expect(await (await slow).text()).toBe("done");
    await closed;
  });

  test("gives the app's own SIGTERM handler the time to commit", async () => {
    const { close, lines } = await start("lifecycle", { env: { ON_SIGTERM: "commit" } });
    await close();
    expect(lines).toEqual(["appStart", "SIGTERM", "appTerminate true", "committed"]);
  });

  test("ends a request that never finishes and an app that does not stop", async () => {
    const { url, close, line } = await start("lifecycle", { env: { ON_SIGTERM: "hang" } });
    const hanging = fetch(`${url}/api/hang`).then(
      ({ status }) => status,
      () => "cut off",
    );
    await line(/hanging/);
    await close();
    expect([502, "cut off"]).toContain(await hanging);
  }, 10_000);

  test("twice is closing once", async () => {
    const { close } = await start("basic");
    await Promise.all([close(), close()]);
  });
});

test("killing ends the app as a crash does: no handler of it runs, and the port is free again", async () => {
  const { url, port, kill, line, lines } = await start("lifecycle", { env: { ON_SIGTERM: "commit" } });
  const hanging = fetch(`${url}/api/hang`).then(
    ({ status }) => status,
    () => "cut off",
  );
  await line(/^hanging$/);
  await kill();
  expect([502, "cut off"]).toContain(await hanging);
  expect(lines.join()).not.toMatch(/SIGTERM|appTerminate|committed/);
  await (await start("lifecycle", { port })).close();
});

test("the app's process ends when the host's is killed", async () => {
  const script = fileURLToPath(new URL("fixtures/parent.ts", import.meta.url));
  const file = marker();
  const parent = spawn(process.execPath, [script, file], { stdio: ["ignore", "pipe", "inherit"] });
  await once(parent.stdout, "data");
  expect(existsSync(file)).toBe(false);
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect(existsSync(file)).toBe(true), 5000);
});
