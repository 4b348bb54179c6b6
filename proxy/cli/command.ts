/** What a command of `sidestep` is; main.ts lists them all. */

/** The process as a command sees it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** All of standard input. */
  readonly input: () => Promise<Buffer>;
}

/** One word after `sidestep`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly help: string;
  /** Resolves to the process's exit code. */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** Exit codes, the same for every command. */
export const exitCodes = { ok: 0, failed: 1, invalid: 2 } as const;

/** A mistake in how a command was called; its message names the mend. */
export class UsageError extends Error {}

/** Thrown where `--help` is among the flags: main answers with the command's help, the same for every command. */
export class HelpWanted extends Error {}
