/** Watches a changing set of directories; watch.ts owns one. */
import { watch, type FSWatcher } from "node:fs";
import { stat } from "node:fs/promises";

/** Most directories that are watched; beyond them the caller's own looking has to do. */
const MOST_DIRECTORIES = 64;

interface Watched {
  readonly watcher: FSWatcher;
  /** Which directory it was when watching began: a new one of the same name is another. */
  readonly identity: string;
}

/** Says that something happened, not what. A directory that is not there is taken up when it is. */
export class DirectoryWatches {
  readonly #watched = new Map<string, Watched>();
  readonly #onEvent: () => void;
  #isClosed = false;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches these directories and no others. Never throws. */
  async follow(directories: ReadonlySet<string>): Promise<void> {
    if (this.#isClosed) return;
    for (const path of this.#watched.keys()) if (!directories.has(path)) this.#forget(path);
    for (const path of directories) {
      const identity = await identityOf(path);
      if (this.#watched.get(path)?.identity === identity) continue;
      this.#forget(path);
      if (identity !== null && !this.#isClosed) this.#begin(path, identity);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const path of this.#watched.keys()) this.#forget(path);
  }

  #begin(path: string, identity: string): void {
    if (this.#watched.size >= MOST_DIRECTORIES) return;
    try {
      const watcher = watch(path, { persistent: false }, this.#onEvent);
      // The system may run out of watches at any time; then looking now and again has to do.
      watcher.on("error", () => this.#forget(path));
      this.#watched.set(path, { watcher, identity });
    } catch {
      // Gone in this moment, or no watch left: the same.
    }
  }

  #forget(path: string): void {
    this.#watched.get(path)?.watcher.close();
    this.#watched.delete(path);
  }
}

async function identityOf(path: string): Promise<string | null> {
  try {
    const found = await stat(path, { bigint: true });
    return found.isDirectory() ? `${found.dev} ${found.ino}` : null;
  } catch {
    return null;
  }
}
