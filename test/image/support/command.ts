/** Runs a command of the system to its end. */
import { execFile } from "node:child_process";

/** What a command left behind. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs it; a command that cannot be started has the code -1. */
export function ran(command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((done) => {
    const options = { maxBuffer: 64 * 1024 ** 2 };
    execFile(command, [...args], options, (fault, out, err) => {
      const code = typeof fault?.code === "number" ? fault.code : fault === null ? 0 : -1;
      done({ code, out, err });
    });
  });
}
