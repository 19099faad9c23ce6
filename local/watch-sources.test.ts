// Which changes of the sources are seen: saves in place and by rename, in old and new folders.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { restartOnChange, watchFolders } from "./watch-sources.ts";

function folder(): string {
  const root = mkdtempSync(join(tmpdir(), "vitae-watch-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "a"));
  writeFileSync(join(root, "a", "x.ts"), "0");
  return root;
}
function saveByRename(file: string, content: string): void {
  writeFileSync(`${file}~`, content);
  renameSync(`${file}~`, file);
}

test("watchFolders reports each of three saves by rename, and a later one in place", async () => {
  const root = folder();
  let changes = 0;
  onTestFinished(watchFolders(root, () => (changes += 1)));
  const file = join(root, "a", "x.ts");
  const saves = [1, 2, 3].map((round) => () => saveByRename(file, String(round)));
  for (const save of [...saves, () => writeFileSync(file, "4")]) {
    const before = changes;
    save();
    await vi.waitFor(() => expect(changes).toBeGreaterThan(before), 5000);
    // Later events of this save must not pass for the next one.
    await vi.waitFor(async () => {
      const seen = changes;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(changes).toBe(seen);
    }, 5000);
  }
});

test("watchFolders reports a change in a folder that was created or replaced later", async () => {
  const root = folder();
  let changes = 0;
  onTestFinished(watchFolders(root, () => (changes += 1)));
  for (const name of ["new", "a"]) {
    rmSync(join(root, name), { recursive: true, force: true });
    mkdirSync(join(root, name));
    await vi.waitFor(() => {
      const before = changes;
      writeFileSync(join(root, name, "y.ts"), String(before));
      return vi.waitFor(() => expect(changes).toBeGreaterThan(before), 500);
    }, 5000);
  }
});

test("restartOnChange closes the running app, starts it again, and reports a start that fails", async () => {
  const root = folder();
  const { signal } = new AbortController();
  const events: string[] = [];
  const app = (name: string) => ({ name, close: async () => void events.push(`close ${name}`) });
  let starts = 0;
  async function start() {
    starts += 1;
    if (starts === 1) throw new Error("a syntax error");
    return app(`app ${starts}`);
  }
  const onError = (error: unknown) => events.push(String(error));
  const current = restartOnChange(app("first"), { roots: [root], signal, start, onError });
  saveByRename(join(root, "a", "x.ts"), "1");
  await vi.waitFor(() => expect(events).toEqual(["close first", "Error: a syntax error"]), 5000);
  saveByRename(join(root, "a", "x.ts"), "2");
  await vi.waitFor(() => expect(current()?.name).toBe("app 2"), 5000);
});
