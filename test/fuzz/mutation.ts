/** Changes of a text that keep most of it: what fuzzes make of what is valid. */
import * as fc from "fast-check";

/** One change; the numbers from 0 to 1 say where. */
type Change = readonly [kind: keyof typeof changes, from: number, to: number, what: number];

const changes = {
  flip: (text: string, from: number, _to: number, what: number) => {
    const at = placeIn(text, from);
    const code = Math.floor(what * 256);
    return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
  },
  cut: (text: string, from: number, to: number) => {
    const [start, end] = rangeIn(text, from, to);
    return text.slice(0, start) + text.slice(end);
  },
  repeat: (text: string, from: number, to: number) => {
    const [start, end] = rangeIn(text, from, to);
    return text.slice(0, end) + text.slice(start, end) + text.slice(end);
  },
  end: (text: string, from: number) => text.slice(0, placeIn(text, from)),
};

const kinds = fc.constantFrom<keyof typeof changes>("flip", "cut", "repeat", "end");
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

/** One of `valid`, a few times changed, with some of `fragments` put in; characters are bytes (latin1). */
export function mutated(
  valid: readonly string[],
  fragments: readonly string[],
): fc.Arbitrary<string> {
  const change: fc.Arbitrary<Change> = fc.tuple(kinds, place, place, place);
  const insertion = fc.tuple(fc.constantFrom(...fragments), place);
  return fc
    .tuple(
      fc.constantFrom(...valid),
      fc.array(insertion, { maxLength: 3 }),
      fc.array(change, { maxLength: 3 }),
    )
    .map(([text, insertions, more]) => {
      const inserted = insertions.reduce((now, [fragment, where]) => {
        const at = placeIn(now, where);
        return now.slice(0, at) + fragment + now.slice(at);
      }, text);
      return more.reduce(
        (now, [kind, from, to, what]) => changes[kind](now, from, to, what),
        inserted,
      );
    });
}

/** Where bytes are cut on their way, as shares of their length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(place, { maxLength: 4 });

/** The bytes in pieces. */
export function piecesAt(bytes: Buffer, shares: readonly number[]): Buffer[] {
  const places = shares.map((share) => Math.floor(share * bytes.length)).toSorted((a, b) => a - b);
  return [0, ...places]
    .map((from, at) => bytes.subarray(from, places[at] ?? bytes.length))
    .filter((piece) => piece.length > 0);
}

function placeIn(text: string, share: number): number {
  return Math.floor(share * text.length);
}

// Most of the time a short one: whole lines, not half of everything.
function rangeIn(text: string, from: number, to: number): [number, number] {
  const start = placeIn(text, from);
  return [start, Math.min(text.length, start + 1 + Math.floor(to ** 3 * text.length))];
}
