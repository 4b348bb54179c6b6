/** Runs the program, or a script of the repository, as a shell does. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** The program's entry: the source, or what SIDESTEP_PROGRAM names, so that a bundle is held to the same tests. */
export const main: string = resolve(root, process.env["SIDESTEP_PROGRAM"] ?? "proxy/main.ts");

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
  return ran([main, ...args], input, more);
}

/** Runs a script by the Node that runs the tests. */
export function ran(
  args: readonly string[],
  input = "",
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return new Promise((done) => {
    const options = { env: { ...process.env, ...more }, maxBuffer: 64 * 1024 ** 2 };
    const child = execFile(process.execPath, [...args], options, (fault, out, err) => {
      done({ code: typeof fault?.code === "number" ? fault.code : 0, out, err });
    });
    child.stdin?.end(input);
  });
}
