/** Runs a pattern's program over a text, one look at each code point; pattern.ts owns one per pattern. */
import type { Program, Step } from "./pattern-program.ts";
import type { Assertion } from "./pattern-syntax.ts";

/** What stands before or after a place: the text's edge, or a code point that is a word character or not. */
type Side = "edge" | "word" | "other";

/** A kind of code point: which sets hold it. Code points of one kind need no second look. */
interface Kind {
  readonly index: number;
  readonly side: Side;
  readonly isIn: readonly boolean[];
}

/** Where a search may stand: the steps reached, and what came before. */
interface State {
  readonly steps: readonly number[];
  readonly before: Side;
  /** Where each kind leads, by its index. */
  readonly next: (State | "match" | undefined)[];
}

/** A way through the program with what its groups hold. */
interface Thread {
  readonly step: number;
  readonly slots: readonly number[];
}

/** Bounds for what is remembered between code points; past them it is forgotten and made anew. */
const MOST_STATES = 1000;
const MOST_CODE_POINTS = 4096;

/** What stands after the last code point. */
const END: Kind = { index: -1, side: "edge", isIn: [] };

const WORD = /^\w$/iu;

/** Code points per kind and states are remembered, so that a long text costs a look-up per code point. */
export class PatternMachine {
  readonly #program: Program;
  readonly #kindBySets = new Map<string, Kind>();
  readonly #kindByCodePoint = new Map<string, Kind>();
  #states = new Map<string, State>();

  constructor(program: Program) {
    this.#program = program;
  }

  /** Whether the text matches anywhere. */
  test(text: string): boolean {
    let state = this.#stateOf([0], "edge");
    for (const symbol of text) {
      const kind = this.#kindOf(symbol);
      const next = state.next[kind.index] ?? this.#advance(state, kind);
      if (next === "match") return true;
      state = next;
    }
    return this.#reach(state.steps, state.before, "edge").isMatch;
  }

  /** Start and end of the first match and of each group, -1 where unset; null without a match. */
  search(text: string): readonly number[] | null {
    const unset = Array.from({ length: (this.#program.groups.length + 1) * 2 }, () => -1);
    let found: readonly number[] | null = null;
    let threads: readonly Thread[] = [];
    let before: Side = "edge";
    let at = 0;
    for (const symbol of withEnd(text)) {
      const kind = symbol === null ? END : this.#kindOf(symbol);
      const begun = found === null ? [{ step: 0, slots: unset.with(0, at) }] : [];
      const run = this.#run([...threads, ...begun], { before, after: kind.side }, at);
      found = run.found ?? found;
      if (found !== null && run.waiting.length === 0) return found;
      threads = run.waiting.filter((thread) => this.#eats(thread.step, kind)).map(onward);
      before = kind.side;
      at += symbol?.length ?? 0;
    }
    return found;
  }

  #advance(state: State, kind: Kind): State | "match" {
    const { symbols, isMatch } = this.#reach(state.steps, state.before, kind.side);
    const steps = symbols.filter((step) => this.#eats(step, kind)).map((step) => step + 1);
    const next = isMatch ? "match" : this.#stateOf([...new Set([0, ...steps])], kind.side);
    state.next[kind.index] = next;
    return next;
  }

  #eats(step: number, kind: Kind): boolean {
    const found = this.#program.steps[step];
    return found?.op === "symbol" && kind.isIn[found.set] === true;
  }

  /** All symbols that can be reached without reading on, and whether the end can. */
  #reach(
    from: readonly number[],
    before: Side,
    after: Side,
  ): { symbols: number[]; isMatch: boolean } {
    const seen = new Set<number>();
    const open = [...from];
    const symbols: number[] = [];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const step = this.#program.steps[at];
      if (step === undefined || seen.has(at)) continue;
      seen.add(at);
      if (step.op === "match") return { symbols, isMatch: true };
      if (step.op === "symbol") symbols.push(at);
      else open.push(...followers(step, at, { before, after }));
    }
    return { symbols, isMatch: false };
  }

  /** As `reach`, but in the order of preference and with groups; what comes after a match is dropped. */
  #run(
    threads: readonly Thread[],
    sides: { before: Side; after: Side },
    at: number,
  ): { waiting: Thread[]; found: readonly number[] | null } {
    const seen = new Set<number>();
    const waiting: Thread[] = [];
    const open = threads.toReversed();
    for (let thread = open.pop(); thread !== undefined; thread = open.pop()) {
      const step = this.#program.steps[thread.step];
      if (step === undefined || seen.has(thread.step)) continue;
      seen.add(thread.step);
      if (step.op === "match") return { waiting, found: thread.slots.with(1, at) };
      if (step.op === "symbol") {
        waiting.push(thread);
        continue;
      }
      const slots = filled(step, thread.slots, at);
      const next = followers(step, thread.step, sides);
      open.push(...next.toReversed().map((to) => ({ step: to, slots })));
    }
    return { waiting, found: null };
  }

  #kindOf(symbol: string): Kind {
    const known = this.#kindByCodePoint.get(symbol);
    if (known !== undefined) return known;
    const isIn = this.#program.sets.map((set) => set.test(symbol));
    const side = WORD.test(symbol) ? "word" : "other";
    const name = `${side} ${isIn.map(Number).join("")}`;
    const kind = this.#kindBySets.get(name) ?? { index: this.#kindBySets.size, side, isIn };
    this.#kindBySets.set(name, kind);
    if (this.#kindByCodePoint.size >= MOST_CODE_POINTS) this.#kindByCodePoint.clear();
    this.#kindByCodePoint.set(symbol, kind);
    return kind;
  }

  #stateOf(steps: readonly number[], before: Side): State {
    const sorted = steps.toSorted((one, other) => one - other);
    const name = `${before} ${sorted.join()}`;
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    if (this.#states.size >= MOST_STATES) this.#states = new Map();
    const state = { steps: sorted, before, next: [] };
    this.#states.set(name, state);
    return state;
  }
}

/** The text's code points, and null for its end. */
function* withEnd(text: string): Generator<string | null> {
  yield* text;
  yield null;
}

function onward(thread: Thread): Thread {
  return { step: thread.step + 1, slots: thread.slots };
}

function followers(
  step: Exclude<Step, { op: "symbol" } | { op: "match" }>,
  at: number,
  sides: { before: Side; after: Side },
): readonly number[] {
  switch (step.op) {
    case "split":
      return [step.first, step.second];
    case "jump":
      return [step.to];
    case "assert":
      return holds(step.what, sides) ? [at + 1] : [];
    case "save":
    case "clear":
      return [at + 1];
  }
}

function filled(step: Step, slots: readonly number[], at: number): readonly number[] {
  if (step.op === "save") return slots.with(step.slot, at);
  if (step.op !== "clear") return slots;
  return slots.map((slot, index) => (index >= step.from && index <= step.to ? -1 : slot));
}

function holds(what: Assertion, sides: { before: Side; after: Side }): boolean {
  switch (what) {
    case "start":
      return sides.before === "edge";
    case "end":
      return sides.after === "edge";
    case "edge":
      return (sides.before === "word") !== (sides.after === "word");
    case "inside":
      return (sides.before === "word") === (sides.after === "word");
  }
}
