/** Reads the lines of audit files in bounded memory, and puts the files of one log in the order of their records. */
import { createReadStream } from "node:fs";
import { longestLine, readLine } from "./audit-chain.ts";
import { fullName } from "./audit-file.ts";

/** A line without its line end. */
export interface FileLine {
  readonly bytes: Buffer;
  /** From 1. */
  readonly number: number;
  /** False for what stands behind the last line end. */
  readonly isWhole: boolean;
}

const lineEnd = 10;

/** Every line; of one that is longer than any record only the beginning. Rejects when the file cannot be read. */
export async function* linesOf(file: string): AsyncGenerator<FileLine> {
  let held: Buffer = Buffer.alloc(0);
  let number = 0;
  const source: AsyncIterable<Buffer> = createReadStream(file);
  for await (const chunk of source) {
    let from = 0;
    for (let at = chunk.indexOf(lineEnd); at >= 0; at = chunk.indexOf(lineEnd, from)) {
      number += 1;
      yield { bytes: joined(held, chunk.subarray(from, at)), number, isWhole: true };
      held = Buffer.alloc(0);
      from = at + 1;
    }
    held = joined(held, chunk.subarray(from));
  }
  if (held.length > 0) yield { bytes: held, number: number + 1, isWhole: false };
}

function joined(held: Buffer, more: Buffer): Buffer {
  const room = longestLine + 1 - held.length;
  return held.length === 0 && more.length <= room
    ? more
    : Buffer.concat([held, more.subarray(0, Math.max(0, room))]);
}

/** The files by the number of their first record; one whose first line is no record, by its name. */
export async function inOrder(files: readonly string[]): Promise<readonly string[]> {
  const placed = await Promise.all(files.map(async (file) => ({ file, at: await placeOf(file) })));
  return placed.toSorted((one, other) => one.at - other.at).map(({ file }) => file);
}

async function placeOf(file: string): Promise<number> {
  for await (const { bytes } of linesOf(file)) {
    const line = readLine(bytes);
    if (line.kind === "record") return line.seq;
    break;
  }
  const named = fullName.exec(file)?.[1];
  return named === undefined ? Number.MAX_SAFE_INTEGER : Number(named);
}
