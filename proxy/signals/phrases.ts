/** Finds words and phrases in a text: whole words where letters are spaced, anywhere in scripts without spaces. */

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const wordEnd = /[\p{L}\p{M}\p{N}]/u;
const special = /[.*+?^${}()|[\]\\/-]/g;

/** A text prepared for many look-ups. */
export interface Searchable {
  /** Lower case, punctuation as spaces, one space on each side of every word. */
  readonly spaced: string;
  readonly lower: string;
  /** The words of `spaced`. */
  readonly words: ReadonlySet<string>;
}

/** Prepares a text, in one pass. */
export function searchable(text: string): Searchable {
  const lower = lowered(text);
  const plain = lower.replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, " ").trim();
  return { lower, spaced: ` ${plain} `, words: new Set(plain.split(" ")) };
}

/** Letters and digits in the widths that East Asian keyboards also write. */
const otherWidths = /[\uFF01-\uFFEE]+/gu;

/** Lower case, with typographic apostrophes as plain ones and every letter in its usual width. */
export function lowered(text: string): string {
  return text
    .replaceAll(otherWidths, (run) => run.normalize("NFKC"))
    .toLowerCase()
    .replaceAll("’", "'");
}

/** Whether a phrase stands in a text; made for short texts and many phrases. */
export type Finder = (text: Searchable) => boolean;

/** The finder of a lower-case word or phrase. */
export function finderOf(phrase: string): Finder {
  if (unspaced.test(phrase)) return ({ lower }) => lower.includes(phrase);
  if (!phrase.includes(" ")) return ({ words }) => words.has(phrase);
  const spaced = ` ${phrase} `;
  return (text) => text.spaced.includes(spaced);
}

/** A phrase prepared for look-ups in long texts. */
export interface Phrase {
  readonly first: string;
  /** What follows the first word, up to the phrase's end; null for one word. */
  readonly rest: RegExp | null;
  readonly isUnspaced: boolean;
}

/** Prepares a phrase. Between its words anything but letters and digits may stand; signs inside a word count. */
export function phraseOf(text: string): Phrase {
  const [first = "", ...others] = lowered(text).split(/\s+/);
  const gap = String.raw`[^\p{L}\p{M}\p{N}]+`;
  const rest = others.map((word) => gap + word.replaceAll(special, String.raw`\$&`)).join("");
  return {
    first,
    rest: rest === "" ? null : new RegExp(rest, "uy"),
    isUnspaced: unspaced.test(text),
  };
}

/** Whether a phrase stands in a lower-case text; linear in the text. */
export function isIn(lower: string, phrase: Phrase): boolean {
  const { first, isUnspaced } = phrase;
  if (first === "") return false;
  for (let at = lower.indexOf(first); at >= 0; at = lower.indexOf(first, at + first.length)) {
    const end = endOf(lower, at, phrase);
    if (end !== null && (isUnspaced || isWhole(lower, at, end))) return true;
  }
  return false;
}

function endOf(lower: string, at: number, { first, rest }: Phrase): number | null {
  const end = at + first.length;
  if (rest === null) return end;
  rest.lastIndex = end;
  return rest.test(lower) ? rest.lastIndex : null;
}

/** A letter at either edge of the phrase must not go on in the text. */
function isWhole(lower: string, at: number, end: number): boolean {
  const [before, first, last, after] = [at - 1, at, end - 1, end].map(
    (index) => lower[index] ?? "",
  );
  const isOpenLeft = isLetter(first) && isLetter(before);
  const isOpenRight = isLetter(last) && isLetter(after);
  return !isOpenLeft && !isOpenRight;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && wordEnd.test(character);
}
