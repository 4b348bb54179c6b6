/** One file of the state folder: written whole or not at all, believed only if its checksum holds; used by embedding-cache.ts and fit-store.ts. */
import { createHash, randomUUID } from "node:crypto";
import { readFile, rename, rm, utimes, writeFile } from "node:fs/promises";

/** Raised with the form, so that no file of another form is read. */
const mark = Buffer.from("sidestep-state-1");
const hashBytes = 32;

/** The content, or null for a file that is missing, damaged or of another form. Reading counts as use. */
export async function readState(path: string): Promise<Buffer | null> {
  try {
    const bytes = await readFile(path);
    const start = mark.length + hashBytes;
    if (bytes.length < start || !bytes.subarray(0, mark.length).equals(mark)) return null;
    const content = bytes.subarray(start);
    if (!checksum(content).equals(bytes.subarray(mark.length, start))) return null;
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return content;
  } catch {
    return null;
  }
}

/** Hears why something could not be kept. */
export type OnLost = (problem: string) => void;

/** Replaces the file at once, readable by its owner only. A failure to write loses nothing but time. */
export async function writeState(path: string, content: Buffer, onLost: OnLost): Promise<void> {
  const ending = /\.\w+$/u.exec(path)?.[0] ?? "";
  const draft = `${path.slice(0, path.length - ending.length)}-${randomUUID()}${ending}.draft`;
  try {
    const bytes = Buffer.concat([mark, checksum(content), content]);
    await writeFile(draft, bytes, { mode: 0o600, flag: "wx" });
    await rename(draft, path);
  } catch (fault) {
    await rm(draft, { force: true }).catch(() => undefined);
    onLost(fault instanceof Error ? fault.message : String(fault));
  }
}

function checksum(content: Buffer): Buffer {
  return createHash("sha256").update(content).digest();
}
