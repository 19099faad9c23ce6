// The app's process: its start, failures, restarts and shutdown.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { fixture, start } from "./host.fixture.ts";

const marker = () => join(tmpdir(), `vitae-host-${randomUUID()}`);
const createMarker = () => {
  const file = marker();
  writeFileSync(file, "");
  return file;
};

describe("starting the host", () => {
  test("fails with only the message of the app's own error type", async () => {
    const starting = start("faulty", { env: { FAULT: "settings" } });
    await expect(starting).rejects.toThrow(/^Two settings are invalid:\n {2}A is missing\n {2}B is no URL$/);
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

  test("fails with the function's name when a route template is not supported", async () => {
    await expect(start("faulty", { env: { FAULT: "route" } })).rejects.toThrow(
      /^Function badly-routed: The route template .* contains "\{y:id\}"/,
    );
  });

  test("fails with one line that names the port when the port is in use", async () => {
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

  test("serves the app from a bundle as from its sources", async () => {
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

test("hooks run at the start, around invocations and at the end, and can change the result of a function", async () => {
  const { url, lines, line, close } = await start("lifecycle");
  expect(await (await fetch(`${url}/api/fail`)).text()).toBe("replaced by the hook");
  await line(/^postInvocation by the hook$/);
  await close();
  expect(lines).toEqual(["appStart", "preInvocation fail", "postInvocation by the hook", "appTerminate true"]);
});

describe("when the app's process ends", () => {
  test("running requests get 500, and the host restarts it", async () => {
    const { url, line } = await start("basic");
    const before = await (await fetch(`${url}/api/pid`)).text();
    const slow = fetch(`${url}/api/slow?file=/none`);
    await line(/slow started/);
    expect((await fetch(`${url}/api/crash`)).status).toBe(500);
    expect((await slow).status).toBe(500);
    await line(/^about to crash$/);
    await line(/^The app's process ended \(exit code 3\)\. Restarting it in \d+ ms\.$/);
    await vi.waitFor(async () => {
      const response = await fetch(`${url}/api/pid`);
      expect(response.status).toBe(200);
      expect(await response.text()).not.toBe(before);
    }, 5000);
  });

  test("at every start, the host logs it, gives up, and responds with 503", async () => {
    const file = createMarker();
    const { url, line } = await start("faulty", { env: { FAULT: "exit", FILE: file } });
    expect((await fetch(`${url}/api/crash`)).status).toBe(500);
    await line(/ended before the app was loaded .* 6 times in a row and is not restarted/);
    expect((await fetch(`${url}/api/crash`)).status).toBe(503);
  });
});

test("a function that exceeds functionTimeout ends the app's process, and the host restarts it", async () => {
  const { url, line } = await start("impatient");
  expect((await fetch(`${url}/api/slow?file=/none`)).status).toBe(500);
  await line(/^Function slow exceeded functionTimeout \(1 s\)/);
  await line(/^The app's process ended \(signal SIGKILL\)\. Restarting it/);
  await vi.waitFor(async () => expect((await fetch(`${url}/api/head`)).status).toBe(200), 5000);
});

describe("closing the host", () => {
  test("lets the running request finish and accepts no new one", async () => {
    const { url, line, close } = await start("basic");
    const file = marker();
    const slow = fetch(`${url}/api/slow?file=${file}`);
    await line(/slow started/);
    const closed = close();
    await expect(fetch(`${url}/api/pid`)).rejects.toThrow();
    writeFileSync(file, "");
    expect(await (await slow).text()).toBe("done");
    await closed;
  });

  test("gives the app's SIGTERM handler time to commit", async () => {
    const { close, lines } = await start("lifecycle", { env: { ON_SIGTERM: "commit" } });
    await close();
    expect(lines).toEqual(["appStart", "SIGTERM", "appTerminate true", "committed"]);
  });

  test("ends a request that never finishes, and an app that does not stop", async () => {
    const { url, close, line } = await start("lifecycle", { env: { ON_SIGTERM: "hang" } });
    const hanging = fetch(`${url}/api/hang`).then(
      ({ status }) => status,
      () => "cut off",
    );
    await line(/hanging/);
    await close();
    expect([500, "cut off"]).toContain(await hanging);
  });

  test("can be called twice", async () => {
    const { close } = await start("basic");
    await Promise.all([close(), close()]);
  });
});

test("killing the host ends the app without its handlers, and frees the port", async () => {
  const { url, port, kill, line, lines } = await start("lifecycle", { env: { ON_SIGTERM: "commit" } });
  const hanging = fetch(`${url}/api/hang`).then(
    ({ status }) => status,
    () => "cut off",
  );
  await line(/^hanging$/);
  await kill();
  expect([500, "cut off"]).toContain(await hanging);
  expect(lines.join()).not.toMatch(/SIGTERM|appTerminate|committed/);
  await (await start("lifecycle", { port })).close();
});

test("the app's process ends when the host's process is killed", async () => {
  const file = marker();
  const options = JSON.stringify({ root: fixture("basic"), env: { EXIT_FILE: file }, port: 0 });
  const script = `
    import { startHost } from ${JSON.stringify(join(import.meta.dirname, "host.ts"))};
    await startHost({ ...${options}, log: () => {} });
    console.log("running");`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(parent.stdout, "data");
  expect(existsSync(file)).toBe(false);
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect(existsSync(file)).toBe(true), 5000);
});
