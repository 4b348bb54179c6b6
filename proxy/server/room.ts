/** What the system lets this process have: memory and open files; capacities are derived from it. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** Bounds that others have set. */
export interface Room {
  /** The container's memory limit, else the machine's memory. */
  readonly memoryBytes: number;
  /** Infinity where the system does not say. */
  readonly openFiles: number;
}

/** The bounds as they are now; Node has raised the soft limit of open files to the hard one. */
export function roomHere(): Room {
  return { memoryBytes: memoryLimit() ?? totalmem(), openFiles: openFilesIn(limits()) };
}

/** The container's memory limit as it is now; null where there is none. */
export function memoryLimit(): number | null {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : null;
}

function openFilesIn(text: string): number {
  const most = /^Max open files\s+(\d+)/mu.exec(text)?.[1];
  return most === undefined ? Infinity : Number(most);
}

/** Only Linux says it in a file. */
function limits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}
