/** Turns an expression's pieces into steps of a small machine; pattern.ts calls it, pattern-machine.ts runs them. */
import { PatternFault, type Assertion, type Piece, type Syntax } from "./pattern-syntax.ts";

/** One step. What does not say where it goes on goes on with the next one. */
export type Step =
  | { readonly op: "symbol"; readonly set: number }
  /** Tries `first`, then `second`. */
  | { readonly op: "split"; readonly first: number; readonly second: number }
  | { readonly op: "jump"; readonly to: number }
  | { readonly op: "save"; readonly slot: number }
  | { readonly op: "clear"; readonly from: number; readonly to: number }
  | { readonly op: "assert"; readonly what: Assertion }
  | { readonly op: "match" };

/** Steps, and the sets of code points that their symbols name. */
export interface Program {
  readonly steps: readonly Step[];
  readonly sets: readonly RegExp[];
  readonly groups: Syntax["groups"];
}

/** Most steps of one expression; counted repetitions are written out. */
const MOST_STEPS = 1000;

/** Throws PatternFault when the expression is too large. */
export function programOf(syntax: Syntax): Program {
  const writer = new Writer();
  writer.write(syntax.root);
  writer.push({ op: "match" });
  return { steps: writer.steps, sets: writer.sets(), groups: syntax.groups };
}

class Writer {
  readonly steps: Step[] = [];
  readonly #setBySource = new Map<string, number>();

  sets(): readonly RegExp[] {
    return [...this.#setBySource.keys()].map((source) => new RegExp(`^(?:${source})$`, "iu"));
  }

  push(step: Step): number {
    if (this.steps.length >= MOST_STEPS) {
      throw new PatternFault("the expression is too large; use smaller counts");
    }
    return this.steps.push(step) - 1;
  }

  write(piece: Piece): void {
    switch (piece.kind) {
      case "symbol":
        this.push({ op: "symbol", set: this.#setOf(piece.source) });
        return;
      case "assert":
        this.push({ op: "assert", what: piece.what });
        return;
      case "sequence":
        for (const part of piece.of) this.write(part);
        return;
      case "choice":
        this.#writeChoice(piece.of);
        return;
      case "repeat":
        this.#writeRepeat(piece);
        return;
      case "group":
        this.push({ op: "save", slot: piece.index * 2 });
        this.write(piece.of);
        this.push({ op: "save", slot: piece.index * 2 + 1 });
    }
  }

  #setOf(source: string): number {
    const known = this.#setBySource.get(source);
    if (known !== undefined) return known;
    const set = this.#setBySource.size;
    this.#setBySource.set(source, set);
    return set;
  }

  #writeChoice(options: readonly Piece[]): void {
    const ends: number[] = [];
    for (const [at, option] of options.entries()) {
      const isLast = at === options.length - 1;
      const fork = isLast ? null : this.#reserve();
      this.write(option);
      if (fork === null) break;
      ends.push(this.#reserve());
      this.steps[fork] = { op: "split", first: fork + 1, second: this.steps.length };
    }
    for (const end of ends) this.steps[end] = { op: "jump", to: this.steps.length };
  }

  #writeRepeat(piece: Extract<Piece, { kind: "repeat" }>): void {
    for (let round = 0; round < piece.min; round += 1) this.#writeRound(piece);
    if (piece.max === Infinity) {
      const fork = this.#reserve();
      this.#writeRound(piece);
      this.push({ op: "jump", to: fork });
      this.#fork(fork, piece.isLazy);
      return;
    }
    const forks: number[] = [];
    for (let round = piece.min; round < piece.max; round += 1) {
      forks.push(this.#reserve());
      this.#writeRound(piece);
    }
    for (const fork of forks) this.#fork(fork, piece.isLazy);
  }

  /** A new round forgets what the groups inside held. */
  #writeRound(piece: Extract<Piece, { kind: "repeat" }>): void {
    const [first, last] = piece.groups;
    if (first <= last) this.push({ op: "clear", from: first * 2, to: last * 2 + 1 });
    this.write(piece.of);
  }

  #reserve(): number {
    return this.push({ op: "match" });
  }

  /** Fills a reserved step: into the round that follows it, or past all that is written so far. */
  #fork(at: number, isLazy: boolean): void {
    const [into, past] = [at + 1, this.steps.length];
    this.steps[at] = {
      op: "split",
      first: isLazy ? past : into,
      second: isLazy ? into : past,
    };
  }
}
