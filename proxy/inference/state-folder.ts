/** The folder of what a restart would have to compute again: found, tried, bounded in size and age; assemble.ts and `train` open it. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

/** Where computed things are kept; without a folder nothing is kept, and nothing else changes. */
export interface StateFolder {
  readonly folder: string | null;
  /** Why there is none, or null. */
  readonly problem: string | null;
  /** Whether somebody asked for it by name, and so wants to hear of the problem. */
  readonly isNamed: boolean;
}

/** Bounds of the folder, for our own files in it. */
export interface StateBounds {
  readonly maxBytes: number;
  /** Milliseconds since a file was last of use. */
  readonly maxAgeMs: number;
}

/** Endings of our own files; others are never touched. */
export const stateEndings = { embeddings: ".vectors", regression: ".fit" } as const;

/** Drafts are ours too: a process that was killed while writing leaves one. */
const ours = new RegExp(
  `^[0-9a-f-]+(?:${Object.values(stateEndings).join("|").replaceAll(".", "\\.")})(?:\\.draft)?$`,
  "u",
);

const bounds: StateBounds = { maxBytes: 256 * 1024 ** 2, maxAgeMs: 30 * 24 * 3_600_000 };

type Environment = Readonly<Record<string, string | undefined>>;

/** `named` is what `--state` says; `off` keeps nothing. Never throws: a folder that cannot be written is none. */
export async function openStateFolder(
  named: string | null,
  env: Environment,
  within: StateBounds = bounds,
): Promise<StateFolder> {
  const isNamed = named !== null;
  if (named === "off") return { folder: null, problem: null, isNamed };
  const folder = named === null ? usualFolder(env) : resolve(named);
  if (folder === null) {
    return { folder, problem: "neither XDG_CACHE_HOME nor HOME is set", isNamed };
  }
  try {
    await tryOut(folder);
    await prune(folder, within);
    return { folder, problem: null, isNamed };
  } catch (fault) {
    const words = fault instanceof Error ? fault.message : String(fault);
    return { folder: null, problem: words, isNamed };
  }
}

function usualFolder(env: Environment): string | null {
  const cache = env["XDG_CACHE_HOME"] ?? "";
  const home = env["HOME"] ?? "";
  if (cache.startsWith("/")) return join(cache, "sidestep");
  return home.startsWith("/") ? join(home, ".cache", "sidestep") : null;
}

/** A read-only file system shows only when something is written. */
async function tryOut(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const probe = join(folder, `.probe-${randomUUID()}`);
  await writeFile(probe, "", { mode: 0o600, flag: "wx" });
  await rm(probe, { force: true });
}

/** Removes our files that nobody used for long, and the longest unused while there is too much. */
export async function prune(folder: string, within: StateBounds = bounds): Promise<void> {
  const names = (await readdir(folder)).filter((name) => ours.test(name));
  const files = await Promise.all(names.map((name) => seen(join(folder, name))));
  const newestFirst = files.filter((file) => file !== null).toSorted((a, b) => b.usedMs - a.usedMs);
  let bytes = 0;
  for (const file of newestFirst) {
    bytes += file.bytes;
    const isOld = Date.now() - file.usedMs > within.maxAgeMs;
    if (isOld || bytes > within.maxBytes) await rm(file.path, { force: true });
  }
}

interface Seen {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/** Null when another process has just removed it. */
async function seen(path: string): Promise<Seen | null> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { path, bytes: size, usedMs: mtimeMs };
  } catch {
    return null;
  }
}
