/** Tells whether a policy's files may have changed, without reading them; watch.ts compares footprints. */
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * File systems keep time in steps of some milliseconds: a file written this recently could be written
 * again without its time changing, so its mark is never the same twice.
 */
const YOUNG_MS = 20;

/** A text that differs once a file was replaced, written, renamed, removed or added. Never throws. */
export async function footprintOf(
  paths: readonly string[],
  sources: readonly string[],
): Promise<string> {
  const places = [...new Set([...paths, ...sources])];
  const marks = await Promise.all(places.map(markOf));
  return [...marks, ...(await Promise.all(paths.map(namesIn)))].join("\n");
}

/**
 * The directories in which a change can show: the policy's own and those of its files, as named and
 * as they really are behind symbolic links.
 */
export async function directoriesOf(
  paths: readonly string[],
  sources: readonly string[],
): Promise<ReadonlySet<string>> {
  const named = [...paths, ...[...paths, ...sources].map((place) => dirname(place))];
  const real = await Promise.all(
    [...paths, ...sources].map(async (place) => dirname(await realpath(place).catch(() => place))),
  );
  return new Set([...named, ...real]);
}

async function markOf(place: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs } = await stat(place, { bigint: true });
    const nowMs = Date.now();
    const isYoung = Math.abs(nowMs - Number(mtimeMs)) < YOUNG_MS;
    return [place, dev, ino, size, mtimeNs, ctimeNs, isYoung ? nowMs : ""].join(" ");
  } catch {
    return `${place} absent`;
  }
}

async function namesIn(path: string): Promise<string> {
  const names = await readdir(path).catch(() => []);
  return names.toSorted((one, other) => (one < other ? -1 : 1)).join("/");
}
