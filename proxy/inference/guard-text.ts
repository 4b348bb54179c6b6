/** A text as the pair guard compares it, read once; faq.ts and intents.ts keep those of their own sentences. */
import { courtesies, stopWords } from "./english-words.ts";
import { isJapanese, plain, stem, wordsOf } from "./words.ts";

/** What speaks against a match. `detail` is for tests and explanation and may hold words of both texts. */
export interface Objection {
  readonly kind:
    | "negation"
    | "antonym"
    | "number"
    | "identifier"
    | "unit"
    | "date"
    | "entity"
    | "scope"
    | "personal"
    | "person"
    | "direction"
    | "question";
  readonly detail: string;
}

/** What is known of words besides the two texts. */
export interface WordKnowledge {
  /** Whether one word more or another one makes another question, as among the entries of a FAQ. */
  readonly isExacting: boolean;
  /** Whether a lower-case word is ordinary, so that it is no name even with a capital. */
  isCommon(word: string): boolean;
  /** Whether a lower-case word is one at all, so that it is no typo of another. */
  isWord(word: string): boolean;
  /** Whether a lower-case word is an ordinary one, misspelt. */
  isMisspelt(word: string): boolean;
  /** Whether a lower-case word tells entries of the same FAQ apart, so that it must agree in any case. */
  isName(word: string): boolean;
}

/** Everything the checks look at. */
export interface GuardText {
  readonly plain: string;
  /** In order, lower case, contractions written out. */
  readonly words: readonly string[];
  readonly wordSet: ReadonlySet<string>;
  readonly stems: ReadonlySet<string>;
  /** Lower-case words that are written like names. */
  readonly capitals: ReadonlySet<string>;
  readonly isJapanese: boolean;
}

/** Reads a text for the guard. */
export function readForGuard(text: string): GuardText {
  const flat = withoutPreamble(plain(text));
  const words = wordsOf(flat);
  return {
    plain: flat,
    words,
    wordSet: new Set(words),
    stems: new Set(words.map(stem)),
    capitals: capitalsOf(text),
    isJapanese: isJapanese(text),
  };
}

// "I do not know how to" asks the same as "how to": its negation is none.
const preambles = [
  /\bi (?:do not|did not|can not) (?:really )?(?:know|understand|remember|see|find|figure out|find out)\b(?= (?:how|what|where|if|whether|when|which|the steps))/gu,
  /\b(?:i am |am )?not (?:really )?(?:sure|certain|clear)\b/gu,
  /\b(?:i have )?no (?:idea|clue)\b/gu,
  /\bno (?:problem|worries|rush)\b/gu,
  // A greeting names no time of day.
  /\bgood (?:morning|afternoon|evening|day|night)\b(?=.*\p{L})/gu,
  /\bif not\b|\bwhy not\b|\bnot only\b/gu,
  /\b(?:could|can|would|will|do|are|is|have) not (?=you\b|i\b|there\b|we\b|it\b)/gu,
];

function withoutPreamble(text: string): string {
  return preambles.reduce((rest, pattern) => rest.replaceAll(pattern, " "), text);
}

/**
 * Words that stand with a capital where grammar asks for none, and words in capitals.
 * A text that is capitals throughout tells nothing.
 */
function capitalsOf(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  const tokens = [...text.normalize("NFKC").matchAll(/[\p{L}\p{N}][\p{L}\p{N}'&-]*/gu)];
  const long = tokens.filter(([token]) => /\p{L}{2}/u.test(token));
  const upper = long.filter(([token]) => /^\p{Lu}/u.test(token)).length;
  if (upper === long.length && upper > 1) return found;
  for (const match of tokens) {
    const [token] = match;
    if (!/^\p{Lu}/u.test(token)) continue;
    const isFirst = startsSentence(text, match.index);
    const isShout = /^\p{Lu}{2}/u.test(token);
    if (isFirst && !isShout) continue;
    for (const word of wordsOf(plain(token))) if (!isPlainWord(word)) found.add(word);
  }
  return found;
}

function isPlainWord(word: string): boolean {
  return stopWords.has(word) || courtesies.has(word) || word.length < 2;
}

function startsSentence(text: string, at: number): boolean {
  return /(?:^|[.!?:;\n"(]\s*|[,]\s*)$/u.test(text.slice(Math.max(0, at - 8), at)) || at === 0;
}
