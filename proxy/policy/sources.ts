/** Reads the files that a policy is made of from disk, within bounds; load.ts calls it. Never throws. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Largest file, and most files of a directory. */
const MOST_BYTES = 2 * 1024 ** 2;
const MOST_FILES = 200;

/** A file's text, or in words why there is none. */
export type Source =
  | { readonly ok: true; readonly path: string; readonly text: string }
  | { readonly ok: false; readonly path: string; readonly message: string };

/** The files of a policy, or in words why there are none. */
export type Listing =
  | { readonly ok: true; readonly isDirectory: boolean; readonly paths: readonly string[] }
  /** `isNothing`: there is no such place, or no policy file in it. */
  | { readonly ok: false; readonly message: string; readonly isNothing: boolean };

/** Where a policy's files are: on disk, or in texts that somebody sent. Never throws. */
export interface SourceReader {
  readonly list: (path: string) => Promise<Listing>;
  readonly read: (path: string) => Promise<Source>;
}

/**
 * A file is itself; a directory is its `*.yaml` and `*.yml` files in the order of their names.
 * Hidden entries are left out: editors' drafts, and the `..data` folders of a mounted ConfigMap.
 */
async function listSources(path: string): Promise<Listing> {
  try {
    const isDirectory = (await stat(path)).isDirectory();
    if (!isDirectory) return { ok: true, isDirectory, paths: [path] };
    return listingOf(path, await readdir(path));
  } catch (error) {
    const message = wordsFor(error);
    return { ok: false, message, isNothing: message === ABSENT };
  }
}

function listingOf(path: string, all: readonly string[]): Listing {
  const names = all.filter((name) => /^[^.].*\.ya?ml$/i.test(name)).toSorted();
  if (names.length === 0) {
    return { ok: false, message: "this directory holds no *.yaml file", isNothing: true };
  }
  if (names.length > MOST_FILES) {
    const message = `this directory holds more than ${MOST_FILES} files`;
    return { ok: false, message, isNothing: false };
  }
  return { ok: true, isDirectory: true, paths: names.map((name) => join(path, name)) };
}

/** Reads one file as UTF-8. */
export async function readSource(path: string): Promise<Source> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return { ok: false, path, message: "this is not a file" };
    const bytes = found.size <= MOST_BYTES ? await readFile(path) : null;
    if (bytes === null || bytes.length > MOST_BYTES) {
      return { ok: false, path, message: `this file is larger than ${MOST_BYTES} bytes` };
    }
    return { ok: true, path, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    const message = error instanceof TypeError ? "this file is not UTF-8 text" : wordsFor(error);
    return { ok: false, path, message };
  }
}

/** The disk. */
export const diskReader: SourceReader = { list: listSources, read: readSource };

/** Folders of texts by name, as ConfigMaps have them; nothing outside of them is there. */
export function readerOf(
  folders: ReadonlyMap<string, Readonly<Record<string, string>>>,
): SourceReader {
  return {
    list: async (path) => listingOf(path, Object.keys(folders.get(path) ?? {})),
    read: async (path) => {
      const text = folders.get(dirname(path))?.[basename(path)];
      return text === undefined ? { ok: false, path, message: ABSENT } : { ok: true, path, text };
    },
  };
}

/** SHA-256 over all texts, and over why others could not be read. */
export function hashOf(sources: readonly Source[]): string {
  const hash = createHash("sha256");
  for (const source of sources) {
    const content = source.ok ? source.text : source.message;
    hash.update(`${source.ok ? "text" : "none"} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/** The hash's beginning, which is what people compare. */
export function revisionOf(hash: string): string {
  return hash.slice(0, 12);
}

const ABSENT = "there is no such file or directory";

function wordsFor(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  const words: Readonly<Record<string, string>> = {
    ENOENT: ABSENT,
    ENOTDIR: ABSENT,
    EACCES: "no permission to read this",
    ELOOP: "this is a loop of symbolic links",
  };
  return words[code] ?? `this cannot be read (${code})`;
}
