/** Finds words and phrases in a text: whole words where letters are spaced, anywhere in scripts without spaces. */

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** A text prepared for many look-ups. */
export interface Searchable {
  /** Lower case, punctuation as spaces, one space on each side of every word. */
  readonly spaced: string;
  readonly lower: string;
}

/** Prepares a text, in one pass. */
export function searchable(text: string): Searchable {
  const lower = text.toLowerCase();
  return { lower, spaced: ` ${lower.replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, " ").trim()} ` };
}

/** Whether a lower-case word or phrase stands in the text. */
export function contains(text: Searchable, phrase: string): boolean {
  if (unspaced.test(phrase)) return text.lower.includes(phrase);
  return text.spaced.includes(` ${phrase.replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, " ").trim()} `);
}
