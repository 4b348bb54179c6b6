/** A policy's regular expression, made so that no text can make it slow; the schema compiles every one. */
import { PatternMachine } from "./pattern-machine.ts";
import { programOf } from "./pattern-program.ts";
import { PatternFault, splitPattern } from "./pattern-syntax.ts";

/** Longest expression, in characters. */
const LONGEST_PATTERN = 1000;

/**
 * A RegExp with the flags `iu` whose `test` and `exec` take time linear in the text, whatever the
 * expression: callers of the proxy write the text, and backtracking would let them stop the event loop.
 */
class Pattern extends RegExp {
  readonly #machine: PatternMachine;
  readonly #groups: readonly (string | null)[];

  constructor(source: string) {
    super(source, "iu");
    const program = programOf(splitPattern(source));
    this.#machine = new PatternMachine(program);
    this.#groups = program.groups;
  }

  override test(text: string): boolean {
    return this.#machine.test(text);
  }

  override exec(text: string): RegExpExecArray | null {
    const slots = this.#machine.test(text) ? this.#machine.search(text) : null;
    return slots === null ? null : foundIn(text, slots, this.#groups);
  }
}

/** What RegExp's own `exec` would give: a group that took no part is a hole. */
function foundIn(
  text: string,
  slots: readonly number[],
  names: readonly (string | null)[],
): RegExpExecArray {
  const [start = 0, end = 0] = slots;
  const found: [string, ...string[]] = [text.slice(start, end)];
  found.length = names.length + 1;
  const groups: Record<string, string> = {};
  for (const [at, name] of names.entries()) {
    const [from = -1, to = -1] = slots.slice(at * 2 + 2, at * 2 + 4);
    if (from < 0 || to < 0) continue;
    found[at + 1] = text.slice(from, to);
    if (name !== null) groups[name] = text.slice(from, to);
  }
  return Object.assign(found, { index: start, input: text, groups });
}

/** A compiled expression, or in words why there is none. */
export type PatternReading =
  | { readonly ok: true; readonly pattern: RegExp }
  | { readonly ok: false; readonly message: string };

/** Compiles a case-insensitive Unicode expression; never throws. */
export function readPattern(source: string): PatternReading {
  if (source.length > LONGEST_PATTERN) {
    return { ok: false, message: `an expression has at most ${LONGEST_PATTERN} characters` };
  }
  try {
    return { ok: true, pattern: new Pattern(source) };
  } catch (error) {
    const message = error instanceof PatternFault ? error.message : syntaxMessage(error);
    return { ok: false, message };
  }
}

/** The engine's words without the expression itself. */
function syntaxMessage(error: unknown): string {
  const words = error instanceof Error ? error.message.split(": ").at(-1) : undefined;
  return `this is not a regular expression (${words ?? "unreadable"})`;
}
