/** The audit log in a file: opened anew for each write, mended where a write broke off, rotated when it is full. */
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  lineMark,
  longestLine,
  noRecord,
  readLine,
  type ChainHead,
  type SealedLine,
} from "./audit-chain.ts";
import type { AuditDestination, Happened, Opened } from "./audit-destination.ts";

/** Where, and how large. */
export interface AuditFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly keep: number;
  readonly happened: Happened;
}

/** Names of full files end with the number of their first record. */
export const fullName: RegExp = /\.(\d{12})(?:-\d+)?$/;

/** What stands at a path. */
interface Place {
  readonly inode: number;
  readonly size: number;
  readonly isRegular: boolean;
}

/** A file of its own, readable by its owner only. */
export class AuditFile implements AuditDestination {
  readonly #options: AuditFileOptions;
  /** As this process left it; null before the first write. */
  #left: Place | null = null;
  /** Number of the first record in the file; null for an empty one. */
  #first: number | null = null;
  #head: ChainHead = noRecord;
  /** Where a write broke off that could not be undone yet. */
  #tornAt: number | null = null;

  constructor(options: AuditFileOptions) {
    this.#options = options;
  }

  async open(): Promise<Opened> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const { size, isRegular, first, ...opened } = await this.#within((file, place) =>
      reopened(file, place, path),
    );
    this.#first = first;
    this.#head = opened.head;
    if (isRegular && size > 0) return opened;
    const before = await lastOf(await this.#newestFull());
    return before === null ? opened : { ...opened, head: before, because: "restarted" };
  }

  async append(lines: readonly SealedLine[]): Promise<number> {
    const count = await this.#within((file, place) => this.#write(file, place, lines));
    if (count > 0) return count;
    await this.#rotate(lines[0]);
    return await this.#within((file, place) => this.#write(file, place, lines));
  }

  /** The file that was filled last; null when there is none. */
  async #newestFull(): Promise<string | null> {
    return (await this.#full()).at(-1) ?? null;
  }

  async #full(): Promise<readonly string[]> {
    const { path } = this.#options;
    const name = basename(path);
    const all = await readdir(dirname(path));
    const ours = all.filter((one) => one.startsWith(name) && fullName.test(one.slice(name.length)));
    return ours.toSorted().map((one) => join(dirname(path), one));
  }

  async #within<T>(work: (file: FileHandle, place: Place) => Promise<T>): Promise<T> {
    const { path } = this.#options;
    const file = await open(path, "a+", 0o600);
    try {
      return await work(file, await placeOf(file, path));
    } finally {
      await file.close();
    }
  }

  /** How many lines were written; 0 when the file is full. */
  async #write(file: FileHandle, place: Place, lines: readonly SealedLine[]): Promise<number> {
    const size = await this.#mended(file, place);
    const count = this.#fitting(size, lines);
    if (count === 0) return 0;
    const bytes = Buffer.from(
      lines
        .slice(0, count)
        .map((line) => line.text)
        .join(""),
    );
    try {
      await file.appendFile(bytes);
      if (place.isRegular) await synced(file);
    } catch (fault) {
      if (place.isRegular) await this.#undo(file, size);
      throw fault;
    }
    if (size === 0) this.#first = lines[0]?.head.seq ?? null;
    this.#head = lines[count - 1]?.head ?? this.#head;
    this.#left = { ...place, size: size + bytes.length };
    return count;
  }

  /** The file's size once it is as this process left it; what others did to it is told, and stays. */
  async #mended(file: FileHandle, place: Place): Promise<number> {
    const left = this.#left;
    if (left === null || !place.isRegular) return place.size;
    if (left.inode !== place.inode) {
      this.#options.happened("audit_moved", { file: this.#options.path });
      this.#tornAt = null;
      return place.size;
    }
    if (this.#tornAt !== null) {
      await file.truncate(this.#tornAt);
      this.#tornAt = null;
      return left.size;
    }
    if (left.size !== place.size) {
      const sizes = { bytes: place.size, expectedBytes: left.size };
      this.#options.happened("audit_changed", { file: this.#options.path, ...sizes });
    }
    return place.size;
  }

  /** A full disk takes half a batch: nothing of it may stay, since all of it is written again. */
  async #undo(file: FileHandle, size: number): Promise<void> {
    this.#left = { ...(await placeOf(file, this.#options.path)), size };
    this.#tornAt = size;
    try {
      await file.truncate(size);
      this.#tornAt = null;
    } catch {
      // The next write begins with it.
    }
  }

  #fitting(size: number, lines: readonly SealedLine[]): number {
    const { maxBytes } = this.#options;
    let total = size;
    let count = 0;
    for (const { text } of lines) {
      total += Buffer.byteLength(text);
      if (total > maxBytes) break;
      count += 1;
    }
    // A line that is larger than any file has one to itself.
    return count === 0 && size === 0 ? 1 : count;
  }

  async #rotate(next: SealedLine | undefined): Promise<void> {
    const { path, keep, happened } = this.#options;
    const first = this.#first ?? next?.head.seq ?? 0;
    const full = await freeName(`${path}.${String(first).padStart(12, "0")}`);
    await rename(path, full);
    this.#left = null;
    const all = await this.#full();
    const old = all.slice(0, Math.max(0, all.length - keep));
    for (const file of old) await rm(file, { force: true });
    happened("audit_rotated", { file: full, ...this.#head, removed: old.length });
  }
}

/** Some file systems know no syncing; everything else that goes wrong is a write that failed. */
async function synced(file: FileHandle): Promise<void> {
  try {
    await file.datasync();
  } catch (fault) {
    const code = fault instanceof Error && "code" in fault ? String(fault.code) : "";
    if (!["EINVAL", "ENOSYS", "ENOTSUP"].includes(code)) throw fault;
  }
}

async function freeName(wanted: string): Promise<string> {
  for (let at = 1; ; at += 1) {
    const name = at === 1 ? wanted : `${wanted}-${at}`;
    const isTaken = await stat(name).then(
      () => true,
      () => false,
    );
    if (!isTaken) return name;
  }
}

async function placeOf(file: FileHandle, path: string): Promise<Place> {
  const found = await file.stat();
  const isRegular = found.isFile();
  if (!isRegular && !found.isCharacterDevice()) throw new Error(`${path} is not a file`);
  return { inode: found.ino, size: isRegular ? found.size : 0, isRegular };
}

interface Reopened extends Opened, Place {
  readonly first: number | null;
}

/** Reads the last record; what stands behind the last line end is cut off. */
async function reopened(file: FileHandle, place: Place, path: string): Promise<Reopened> {
  const nothing = { head: noRecord, mendedBytes: 0, first: null, because: "created" } as const;
  if (place.size === 0) return { ...place, ...nothing };
  await refuseOthers(file, path);
  const from = Math.max(0, place.size - 2 * longestLine);
  const tail = await bytesAt(file, from, place.size);
  const whole = tail.lastIndexOf("\n") + 1;
  const mendedBytes = tail.length - whole;
  if (mendedBytes > 0) await file.truncate(place.size - mendedBytes);
  const size = place.size - mendedBytes;
  if (size === 0) return { ...place, ...nothing, size, mendedBytes };
  const last = readLine(
    tail.subarray(tail.lastIndexOf("\n", whole - 2) + 1, Math.max(0, whole - 1)),
  );
  const first = await firstOf(file, size);
  if (last.kind === "other") {
    return { ...place, ...nothing, size, first, mendedBytes, because: "unreadable" };
  }
  const head = { seq: last.seq, hash: last.hash };
  return { ...place, size, head, first, mendedBytes, because: "restarted" };
}

/** Nobody's file is written into because a policy names it by mistake. */
async function refuseOthers(file: FileHandle, path: string): Promise<void> {
  const start = (await bytesAt(file, 0, lineMark.length)).toString("latin1");
  if (lineMark.startsWith(start)) return;
  throw new Error(`${path} is no audit log; it is left as it is, and nothing is written`);
}

async function firstOf(file: FileHandle, size: number): Promise<number | null> {
  const bytes = await bytesAt(file, 0, Math.min(size, longestLine));
  const line = readLine(bytes.subarray(0, Math.max(0, bytes.indexOf("\n"))));
  return line.kind === "record" ? line.seq : null;
}

async function bytesAt(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.subarray(0, bytesRead);
}

async function lastOf(path: string | null): Promise<Opened["head"] | null> {
  if (path === null) return null;
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const tail = await bytesAt(file, Math.max(0, size - 2 * longestLine), size);
    const lines = tail.subarray(0, Math.max(0, tail.lastIndexOf("\n")));
    const last = readLine(lines.subarray(lines.lastIndexOf("\n") + 1));
    return last.kind === "record" ? { seq: last.seq, hash: last.hash } : null;
  } finally {
    await file.close();
  }
}
