/** Splits a regular expression into pieces that run in linear time, and refuses the others; pattern.ts calls it. */

/** One piece of an expression. */
export type Piece =
  /** One code point; `source` is a literal, an escape, a class or the dot, as written. */
  | { readonly kind: "symbol"; readonly source: string }
  | { readonly kind: "sequence"; readonly of: readonly Piece[] }
  | { readonly kind: "choice"; readonly of: readonly Piece[] }
  | {
      readonly kind: "repeat";
      readonly of: Piece;
      readonly min: number;
      /** `Infinity` when open. */
      readonly max: number;
      readonly isLazy: boolean;
      /** Capture groups inside, first and last; a new round empties them. */
      readonly groups: readonly [number, number];
    }
  | { readonly kind: "group"; readonly of: Piece; readonly index: number }
  | { readonly kind: "assert"; readonly what: Assertion };

/** What holds between two code points. */
export type Assertion = "start" | "end" | "edge" | "inside";

/** An expression in pieces. */
export interface Syntax {
  readonly root: Piece;
  /** Names of the capture groups in order; null for those without one. */
  readonly groups: readonly (string | null)[];
}

/** A construct that is not offered; the message says which. */
export class PatternFault extends Error {}

const QUANTIFIER = /(?:([*+?])|\{(\d+)(,?)(\d*)\})(\??)/y;
const GROUP_HEAD = /\((?:\?(?:(:)|<([^=!>][^>]*)>|([^]?)))?/y;
const SYMBOL =
  /\[(?:\\[^]|[^\]\\])*\]|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u\{[\da-fA-F]+\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c[A-Za-z]|\\[pP]\{[^}]*\}|\\[^]|[^]/uy;

/** Splits `source`, which must be valid with the flags `iu`. Throws PatternFault for what is not offered. */
export function splitPattern(source: string): Syntax {
  const splitter = new Splitter(source);
  return { root: splitter.choice(), groups: splitter.groups };
}

class Splitter {
  readonly groups: (string | null)[] = [];
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  choice(): Piece {
    const options = [this.#sequence()];
    while (this.#source[this.#at] === "|") {
      this.#at += 1;
      options.push(this.#sequence());
    }
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "choice", of: options };
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at] ?? "")) {
      const before = this.groups.length;
      pieces.push(this.#quantified(this.#atom(), before));
    }
    return { kind: "sequence", of: pieces };
  }

  #atom(): Piece {
    switch (this.#source[this.#at]) {
      case "(":
        return this.#group();
      case "^":
        this.#at += 1;
        return { kind: "assert", what: "start" };
      case "$":
        this.#at += 1;
        return { kind: "assert", what: "end" };
      default:
        return symbolOf(this.#take(SYMBOL)[0]);
    }
  }

  #group(): Piece {
    const [, plain, name, other] = this.#take(GROUP_HEAD);
    if (other !== undefined) {
      throw new PatternFault("looking ahead or behind, and inline flags, are not offered");
    }
    const index = plain === undefined ? this.groups.push(name ?? null) : null;
    const inner = this.choice();
    this.#at += 1;
    return index === null ? inner : { kind: "group", of: inner, index };
  }

  #quantified(piece: Piece, before: number): Piece {
    QUANTIFIER.lastIndex = this.#at;
    const parts = QUANTIFIER.exec(this.#source);
    if (parts === null) return piece;
    this.#at = QUANTIFIER.lastIndex;
    const [min, max] = limitsOf(parts);
    if (mayBeEmpty(piece)) throw new PatternFault("a repeated part must not match nothing");
    if (max === Infinity && isOpen(piece)) {
      throw new PatternFault("an open repetition (* or +) inside another is not offered");
    }
    return {
      kind: "repeat",
      of: piece,
      min,
      max,
      isLazy: parts[5] === "?",
      groups: [before + 1, this.groups.length],
    };
  }

  #take(expression: RegExp): readonly [string, ...(string | undefined)[]] {
    expression.lastIndex = this.#at;
    const [whole = "", ...parts] = expression.exec(this.#source) ?? [];
    this.#at += whole.length;
    return [whole, ...parts];
  }
}

function symbolOf(source: string): Piece {
  if (source === "\\b") return { kind: "assert", what: "edge" };
  if (source === "\\B") return { kind: "assert", what: "inside" };
  if (/^\\[1-9k]/.test(source)) throw new PatternFault("references to a group are not offered");
  return { kind: "symbol", source };
}

function limitsOf(parts: RegExpExecArray): readonly [number, number] {
  const [, sign, least = "0", comma, most = ""] = parts;
  if (sign !== undefined) return [sign === "+" ? 1 : 0, sign === "?" ? 1 : Infinity];
  if (comma === "") return [Number(least), Number(least)];
  return [Number(least), most === "" ? Infinity : Number(most)];
}

/** Whether a piece can match the empty text. */
function mayBeEmpty(piece: Piece): boolean {
  switch (piece.kind) {
    case "symbol":
      return false;
    case "assert":
      return true;
    case "sequence":
      return piece.of.every(mayBeEmpty);
    case "choice":
      return piece.of.some(mayBeEmpty);
    case "repeat":
      return piece.min === 0 || mayBeEmpty(piece.of);
    case "group":
      return mayBeEmpty(piece.of);
  }
}

function isOpen(piece: Piece): boolean {
  switch (piece.kind) {
    case "symbol":
    case "assert":
      return false;
    case "sequence":
    case "choice":
      return piece.of.some(isOpen);
    case "repeat":
      return piece.max === Infinity || isOpen(piece.of);
    case "group":
      return isOpen(piece.of);
  }
}
