/** Gives programs a core of their own with taskset, so that what is measured does not share one with its load. */
import { execFileSync } from "node:child_process";

/** A list of cores such as `0` or `0,3`; null where nothing can be pinned. */
export type Core = string | null;

/** The proxy that is measured has one core for itself; load and upstream share the other. */
export interface Cores {
  readonly proxy: Core;
  readonly load: Core;
  /** Every core that this process may use; what it starts would otherwise stay where it is itself. */
  readonly all: Core;
}

/** The first two cores that this process may use; nulls where they cannot be pinned or there is only one. */
export function twoCores(): Cores {
  try {
    const said = execFileSync("taskset", ["-pc", String(process.pid)], { encoding: "utf8" });
    const list = coresIn(said.slice(said.lastIndexOf(":") + 1));
    const [proxy, load] = list.map(String);
    if (proxy !== undefined && load !== undefined) return { proxy, load, all: list.join(",") };
  } catch {
    // Without taskset nothing is pinned.
  }
  return { proxy: null, load: null, all: null };
}

/** The words of a command that runs on that core. */
export function pinned(core: Core, words: readonly string[]): readonly string[] {
  return core === null ? words : ["taskset", "-c", core, ...words];
}

/** Keeps this process with all its threads on that core. */
export function pinThis(core: Core): void {
  if (core === null) return;
  execFileSync("taskset", ["-a", "-cp", core, String(process.pid)], { stdio: "ignore" });
}

/** The numbers in a list such as `0-3,8`. */
function coresIn(list: string): readonly number[] {
  return list
    .trim()
    .split(",")
    .flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    });
}
