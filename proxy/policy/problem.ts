/** Problems of a policy, each with the place where it stands; every step of loading adds to one list. */

/** Where something stands in a source file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong, in words for whoever wrote the file. Never holds a value that could be a secret. */
export interface Problem extends Position {
  readonly message: string;
}

/** Most problems that one load reports. */
const MOST_PROBLEMS = 100;

/** The problem as `file:line:col: message`. */
export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** Collects problems: the same one only once, and only so many of them. */
export class ProblemList {
  readonly #byText = new Map<string, Problem>();
  readonly #closed = new Set<string>();
  #left = 0;

  /** Adds a problem unless it is already there, or its place is closed. */
  add(at: Position, message: string): void {
    const problem = { file: at.file, line: at.line, column: at.column, message };
    const text = formatProblem(problem);
    if (this.#byText.has(text) || this.#closed.has(placeOf(at))) return;
    if (this.#byText.size >= MOST_PROBLEMS) {
      this.#left += 1;
      return;
    }
    this.#byText.set(text, problem);
  }

  /** Adds a problem that makes whatever else is wrong in this place a mere consequence of it. */
  addLast(at: Position, message: string): void {
    this.add(at, message);
    this.#closed.add(placeOf(at));
  }

  get size(): number {
    return this.#byText.size;
  }

  /** All problems, in the order in which a reader meets them in the files. */
  sorted(): readonly Problem[] {
    const problems = [...this.#byText.values()].toSorted(
      (one, other) =>
        compareText(one.file, other.file) || one.line - other.line || one.column - other.column,
    );
    const last = problems.at(-1);
    if (last === undefined || this.#left === 0) return problems;
    return [...problems, { ...last, message: `and ${this.#left} more problems` }];
  }
}

function placeOf({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
