/** The pair guard's check of names: words with a capital, words that tell a FAQ's entries apart, words that nobody knows. */
import { courtesies, stopWords } from "./english-words.ts";
import type { GuardText, Objection, WordKnowledge } from "./guard-text.ts";
import { isTypo } from "./words.ts";

const letters = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
const regionNames = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });

/** Names of countries and territories that are one word. */
const countries: ReadonlySet<string> = new Set(
  letters
    .flatMap((first) => letters.map((second) => regionNames.of(`${first}${second}`)))
    .flatMap((name) => (name === undefined || name.includes(" ") ? [] : [name.toLowerCase()])),
);

/** Every name of one text stands in the other. */
export function namesAgree(
  question: GuardText,
  matched: GuardText,
  known: WordKnowledge | null,
): Objection | null {
  for (const word of namesOf(matched, known)) {
    if (!isSaid(word, question, known)) return { kind: "entity", detail: word };
  }
  for (const word of [...namesOf(question, known), ...strangers(question, known)]) {
    if (!isSaid(word, matched, known)) return { kind: "entity", detail: word };
  }
  return null;
}

function namesOf(text: GuardText, known: WordKnowledge | null): readonly string[] {
  return text.words.filter(
    (word) =>
      known?.isName(word) === true || (text.capitals.has(word) && known?.isCommon(word) !== true),
  );
}

/** Words that are in no list: names in lower case, most likely. */
function strangers(text: GuardText, known: WordKnowledge | null): readonly string[] {
  if (known === null) return [];
  return text.words.filter(
    (word, at) =>
      /^[a-z]{2,}$/u.test(word) &&
      !isFamiliar(word, known) &&
      !isOrdinary(word) &&
      !known.isMisspelt(word) &&
      !isShifted(text.words[at - 1], word, known) &&
      !isShifted(word, text.words[at + 1], known),
  );
}

/** Where every word counts, a rare word may be a name; elsewhere it says what it says, unless it is a country. */
function isFamiliar(word: string, known: WordKnowledge): boolean {
  if (known.isCommon(word)) return true;
  return !known.isExacting && known.isWord(word) && !countries.has(word);
}

/** A space typed within a word, or one letter early or late: "par king", "wha tshould", "ist he". */
function isShifted(
  left: string | undefined,
  right: string | undefined,
  known: WordKnowledge,
): boolean {
  if (left === undefined || right === undefined) return false;
  const late = [left.slice(0, -1), `${left.at(-1) ?? ""}${right}`] as const;
  const early = [`${left}${right[0] ?? ""}`, right.slice(1)] as const;
  if (known.isCommon(`${left}${right}`)) return true;
  return [late, early].some((words) => words.every((word) => known.isCommon(word)));
}

function isOrdinary(word: string): boolean {
  if (stopWords.has(word) || courtesies.has(word)) return true;
  return [...stopWords].some((other) => isTypo(word, other));
}

/** Whether a name stands in the text, one typo after its first letter allowed where that is no word of its own. */
function isSaid(word: string, text: GuardText, known: WordKnowledge | null): boolean {
  if (text.wordSet.has(word)) return true;
  return text.words.some(
    (other) =>
      Math.min(word.length, other.length) >= 5 &&
      word[0] === other[0] &&
      isTypo(word, other) &&
      !(isWord(word, known) && isWord(other, known)),
  );
}

function isWord(word: string, known: WordKnowledge | null): boolean {
  return known !== null && (known.isWord(word) || known.isName(word));
}
