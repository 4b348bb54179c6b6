/** Gives the files of a build the same rights and times on every machine; scripts/build.ts and scripts/image.ts use it. */
import { chmod, lutimes, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The time of every file, in seconds: SOURCE_DATE_EPOCH, else the beginning. */
export function sourceDateEpoch(): number {
  return Number(process.env["SOURCE_DATE_EPOCH"] ?? 0);
}

/** Gives everything at and below `path` the same rights and time, whatever the machine's habits are. */
export async function stamp(path: string, epochS: number): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries) {
    const each = join(path, entry.name);
    if (entry.isDirectory()) await stamp(each, epochS);
    else {
      // A link has no rights of its own, and what it leads to may be in another image.
      if (!entry.isSymbolicLink()) await chmod(each, 0o644);
      await lutimes(each, epochS, epochS);
    }
  }
  await chmod(path, 0o755);
  await lutimes(path, epochS, epochS);
}
