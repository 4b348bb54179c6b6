/** Runs the program as a shell does. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";

/** The program's entry. */
export const main: string = resolve(import.meta.dirname, "../../proxy/main.ts");

/** What a command left behind. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `input` goes to standard input, `more` into the environment. */
export function sidestep(
  args: readonly string[],
  input = "",
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return new Promise((done) => {
    const env = { ...process.env, ...more };
    const child = execFile(process.execPath, [main, ...args], { env }, (fault, out, err) => {
      done({ code: typeof fault?.code === "number" ? fault.code : 0, out, err });
    });
    child.stdin?.end(input);
  });
}
