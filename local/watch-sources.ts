// Watches the folders of the sources, and restarts the app when a file in them changes.
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";

type Watched = { readonly inode: number; readonly watcher: FSWatcher };

function foldersOf(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return [
    root,
    ...entries.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name)),
  ];
}

/**
 * Watches each folder by itself. On Linux a recursive watch of Node.js watches each file, and loses one that is replaced
 * by a rename, as most editors save.
 * @returns a function that ends it
 */
export function watchFolders(root: string, onChange: () => void): () => void {
  const watched = new Map<string, Watched>();
  let isEnded = false;

  function forget(folder: string): void {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  }
  function refresh(): void {
    if (isEnded) return;
    const folders = foldersOf(root);
    for (const folder of watched.keys()) if (!folders.includes(folder)) forget(folder);
    for (const folder of folders) {
      const { ino: inode } = statSync(folder);
      if (watched.get(folder)?.inode === inode) continue;
      forget(folder);
      const watcher = watch(folder, () => {
        onChange();
        try {
          refresh();
        } catch {
          // A folder was removed meanwhile: its parent reports that too.
        }
      });
      watcher.on("error", () => forget(folder));
      watched.set(folder, { inode, watcher });
    }
  }
  refresh();
  return () => {
    isEnded = true;
    for (const folder of [...watched.keys()]) forget(folder);
  };
}

/** Editors write a file in several steps, and one save can change many files. */
const SETTLE_MS = 100;

type Closeable = { close(): Promise<void> };

/** Restarts one after the other. Returns a function that returns the running one, if any. */
export function restartOnChange<T extends Closeable>(
  first: T,
  {
    roots,
    signal,
    start,
    onError,
  }: {
    roots: readonly string[];
    signal: AbortSignal;
    start: () => Promise<T>;
    onError: (error: unknown) => void;
  },
): () => T | undefined {
  let current: T | undefined = first;
  let restarting = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  async function restart(): Promise<void> {
    await current?.close();
    current = undefined;
    if (!signal.aborted) current = await start();
  }
  const onChange = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      restarting = restarting.then(restart).catch(onError);
    }, SETTLE_MS);
  };
  for (const root of roots) signal.addEventListener("abort", watchFolders(root, onChange));
  return () => current;
}
