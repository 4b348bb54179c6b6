/** Gives programs a core of their own with taskset, so that what is measured does not share one with its load. */
import { execFileSync } from "node:child_process";

/** The proxy that is measured has one core for itself; load and upstream share the other. */
export interface Cores {
  readonly proxy: number | null;
  readonly load: number | null;
}

/** The first two cores that this process may use; nulls where they cannot be pinned or there is only one. */
export function twoCores(): Cores {
  try {
    const said = execFileSync("taskset", ["-pc", String(process.pid)], { encoding: "utf8" });
    const [proxy, load] = coresIn(said.slice(said.lastIndexOf(":") + 1));
    if (proxy !== undefined && load !== undefined) return { proxy, load };
  } catch {
    // Without taskset nothing is pinned.
  }
  return { proxy: null, load: null };
}

/** The words of a command that runs on that core. */
export function pinned(core: number | null, words: readonly string[]): readonly string[] {
  return core === null ? words : ["taskset", "-c", String(core), ...words];
}

/** Keeps this process with all its threads on that core. */
export function pinThis(core: number): void {
  execFileSync("taskset", ["-a", "-cp", String(core), String(process.pid)], { stdio: "ignore" });
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
