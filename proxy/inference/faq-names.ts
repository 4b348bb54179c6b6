/** Finds the words that tell a FAQ's entries apart (whose hotel, which product), so that they must agree in any spelling; used by faq.ts. */
import { readForGuard } from "./guard-text.ts";
import type { Lexicon } from "./lexicon.ts";
import { isStopStem, stem, wordsOf, plain } from "./words.ts";

// Two questions that differ in no more words than this on either side ask the same of different things.
const mostDifferent = 3;

/** Lower-case words; `classes` holds the questions of each answer. */
export function distinguishingWords(
  classes: readonly (readonly string[])[],
  lexicon: Lexicon,
): ReadonlySet<string> {
  const names = new Set<string>();
  const questions = classes.flatMap((sentences, k) =>
    sentences.map((sentence) => ({ k, words: topicWords(sentence), text: readForGuard(sentence) })),
  );
  for (const { text, words } of questions) {
    for (const word of text.capitals) names.add(word);
    for (const word of words) if (!lexicon.isCommon(word)) names.add(word);
  }
  for (const [a, b] of neighbours(questions)) {
    for (const word of differenceOf(a, b)) names.add(word);
  }
  return names;
}

interface Question {
  readonly k: number;
  readonly words: ReadonlySet<string>;
}

function topicWords(sentence: string): ReadonlySet<string> {
  return new Set(wordsOf(plain(sentence)).filter((word) => !isStopStem(stem(word))));
}

/**
 * Pairs of questions with different answers that share words. Looked for among the questions that share
 * their rarest words, and bounded, so that thousands of entries stay quick.
 */
function* neighbours(questions: readonly Question[]): Generator<readonly [Question, Question]> {
  const holders = new Map<string, Question[]>();
  for (const question of questions) {
    for (const word of question.words) {
      const list = holders.get(word) ?? [];
      if (list.length < 200) list.push(question);
      holders.set(word, list);
    }
  }
  for (const list of holders.values()) yield* pairsIn(list);
}

function* pairsIn(list: readonly Question[]): Generator<readonly [Question, Question]> {
  for (const [at, question] of list.entries()) {
    const others = list.slice(at + 1, at + 60).filter(({ k }) => k !== question.k);
    for (const other of others) yield [question, other];
  }
}

function differenceOf(a: Question, b: Question): readonly string[] {
  const onlyA = [...a.words].filter((word) => !b.words.has(word));
  const onlyB = [...b.words].filter((word) => !a.words.has(word));
  const shared = a.words.size - onlyA.length;
  const isMinimal = onlyA.length <= mostDifferent && onlyB.length <= mostDifferent && shared >= 1;
  return isMinimal ? [...onlyA, ...onlyB] : [];
}
