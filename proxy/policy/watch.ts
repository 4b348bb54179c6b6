/** Follows a policy's files and hands over every new policy within a second; the assembly creates one. */
import { setTimeout as delay } from "node:timers/promises";
import type { Policy } from "../core/policy.ts";
import { DirectoryWatches } from "./directory-watches.ts";
import { directoriesOf, footprintOf } from "./footprint.ts";
import { levelsOf, loadPolicy, type LoadOptions, type Loaded, type PolicyText } from "./load.ts";
import type { Problem } from "./problem.ts";

/** A policy that was loaded without a problem. */
export interface GoodPolicy {
  readonly policy: Policy;
  readonly sources: readonly string[];
  readonly texts: readonly PolicyText[];
  readonly revision: string;
}

/** The files' present state when it is not taken up. */
export type Refused = Pick<GoodPolicy, "texts" | "revision">;

/** What to follow, and whom to tell. */
export interface WatchOptions extends LoadOptions {
  /** The policy in use when watching begins; without one the first good policy counts as a change. */
  readonly current?: GoodPolicy;
  /** A new policy to take up. Awaited, so that one is taken up after the other. */
  readonly onChange: (next: GoodPolicy) => void | Promise<void>;
  /** Why the files' present state is not taken up, and that state; an empty list once they are whole again. */
  readonly onProblems: (problems: readonly Problem[], refused: Refused) => void;
  /** Quiet time after an event before files are read, in milliseconds. */
  readonly quietMs?: number;
  /** Time between looks at the files without any event, in milliseconds. */
  readonly pollMs?: number;
  /** Time until a policy that could not be taken up is tried again, in milliseconds. */
  readonly retryMs?: number;
}

/** A running watch. */
export interface PolicyWatch {
  /** Looks at once; resolves when what was found is taken up or reported. */
  check(): Promise<void>;
  close(): void;
}

/** Most quiet times that a steady stream of events may put off the reading. */
const MOST_DELAYS = 4;

/** Most readings in a row of files that change while they are read, and the time between two. */
const MOST_READINGS = 8;
const BETWEEN_READINGS_MS = 10;

/**
 * Watches directories, not files, so that renames, atomic replacement and the `..data` swap of a
 * mounted ConfigMap are seen; looks now and again as well, for file systems that send no events.
 * Contents that were seen last are not handed over again. Nothing is thrown.
 */
export function createPolicyWatch(options: WatchOptions): PolicyWatch {
  return new Watch(options);
}

class Watch implements PolicyWatch {
  readonly #options: WatchOptions;
  readonly #paths: readonly string[];
  readonly #directories: DirectoryWatches;
  readonly #poll: NodeJS.Timeout;
  readonly #quietMs: number;
  #quiet: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | undefined;
  #firstEventMs = 0;
  /** Revision of the last reading, good or bad, and of the policy in use. */
  #seen: string | null;
  #active: string | null;
  #sources: readonly string[];
  #footprint = "";
  #isTroubled = false;
  #isClosed = false;
  /** The reading that runs, and the one that waits for it. */
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #isPolling = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#paths = levelsOf(options.path);
    this.#quietMs = options.quietMs ?? 100;
    this.#seen = options.current?.revision ?? null;
    this.#active = this.#seen;
    this.#sources = options.current?.sources ?? [];
    this.#directories = new DirectoryWatches(() => this.#soon());
    this.#poll = setInterval(() => void this.#lookForChanges(), options.pollMs ?? 500);
    this.#poll.unref();
    void this.check();
  }

  check(): Promise<void> {
    if (this.#next !== null) return this.#next;
    const next = this.#last
      .then(() => {
        this.#next = null;
        return this.#read();
      })
      // A listener that throws must not end the watch.
      .catch(() => undefined);
    this.#next = next;
    this.#last = next;
    return next;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#retry);
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    this.#directories.close();
  }

  /** Looks once events have ceased for a moment, at the latest after a few such moments. */
  #soon(): void {
    if (this.#isClosed) return;
    const now = performance.now();
    if (this.#quiet === null) this.#firstEventMs = now;
    else clearTimeout(this.#quiet);
    const latestMs = this.#firstEventMs + MOST_DELAYS * this.#quietMs;
    const waitMs = Math.max(0, Math.min(this.#quietMs, latestMs - now));
    this.#quiet = setTimeout(() => {
      this.#quiet = null;
      void this.#isChanged().then((isChanged) => (isChanged ? this.check() : undefined));
    }, waitMs).unref();
  }

  /** Other files of the same directory make events too, and are none of ours. */
  async #isChanged(): Promise<boolean> {
    return (await footprintOf(this.#paths, this.#sources)) !== this.#footprint;
  }

  async #lookForChanges(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    if (await this.#isChanged()) this.#soon();
    await this.#directories.follow(await directoriesOf(this.#paths, this.#sources));
    this.#isPolling = false;
  }

  async #read(): Promise<void> {
    if (this.#isClosed) return;
    const loaded = await this.#readUntorn();
    // Files that do not come to rest are looked at again a little later.
    if (loaded === null) return this.#soon();
    this.#sources = loaded.sources;
    await this.#directories.follow(await directoriesOf(this.#paths, loaded.sources));
    await this.#take(loaded);
  }

  /** Reads again when files changed meanwhile: half of one state and half of the next is neither. */
  async #readUntorn(): Promise<Loaded | null> {
    let sources = this.#sources;
    for (let reading = 0; reading < MOST_READINGS; reading += 1) {
      if (reading > 0) await delay(BETWEEN_READINGS_MS);
      const before = await footprintOf(this.#paths, sources);
      const loaded = await loadPolicy(this.#options);
      sources = loaded.sources;
      const after = await footprintOf(this.#paths, sources);
      if (after !== before) continue;
      this.#footprint = after;
      return loaded;
    }
    // What lies there now was never read: however it looks, it is a change.
    this.#footprint = "";
    return null;
  }

  async #take(loaded: Loaded): Promise<void> {
    if (this.#isClosed || loaded.revision === this.#seen) return;
    this.#seen = loaded.revision;
    if (!loaded.ok) {
      this.#isTroubled = true;
      this.#options.onProblems(loaded.problems, loaded);
      return;
    }
    if (loaded.revision !== this.#active && !(await this.#handOver(loaded))) return;
    this.#active = loaded.revision;
    if (this.#isTroubled) this.#options.onProblems([], loaded);
    this.#isTroubled = false;
  }

  async #handOver(next: GoodPolicy): Promise<boolean> {
    try {
      await this.#options.onChange(next);
      return true;
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const message = `this policy could not be taken up: ${words}`;
      this.#isTroubled = true;
      this.#retryLater();
      const problem = { file: this.#paths.at(-1) ?? "", line: 1, column: 1, message };
      this.#options.onProblems([problem], next);
      return false;
    }
  }

  /** What was missing, a model's folder perhaps, may come without any change of the policy. */
  #retryLater(): void {
    this.#seen = null;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.check(), this.#options.retryMs ?? 30_000).unref();
  }
}
