/** The pair guard's check of what is said more or in another's place: of a FAQ's short questions, that is another question. */
import { courtesies, stopWords } from "./english-words.ts";
import type { GuardText, Objection, WordKnowledge } from "./guard-text.ts";
import { isTypo, stem } from "./words.ts";

/** Words around a question that do not change it, besides courtesies. */
const fillers: ReadonlySet<string> = new Set(
  (
    "bother advise wonder curious advance hope great good nice day morning afternoon evening night guys team " +
    "folks everyone there currently actually exactly usually normally really simply quickly easily still " +
    "also again even ever yet already know find see understand explain give show check look ask inform " +
    "information info details detail regarding concerning interested trying try use using go going come " +
    "thing things something anything anyone someone somebody kind sort lot bit"
  ).split(" "),
);

// Of fewer shared words than this it cannot be said that the rest is the same.
const leastShared = 2;

// What follows one of these narrows a question down: "for sale items", "after the trial".
const narrowing: ReadonlySet<string> = new Set(
  "for on at in with without to from of about if when after before during within outside under over by via".split(
    " ",
  ),
);
// So many words after it belong to it.
const phraseLength = 4;

/** Two questions that are the same but for one word of each, or for a phrase that narrows the asked one down. */
export function topicAgrees(
  question: GuardText,
  matched: GuardText,
  known: WordKnowledge | null,
): Objection | null {
  if (known?.isExacting !== true) return null;
  const asked = topicOf(question);
  const there = topicOf(matched);
  const added = without(asked, there);
  const [word] = added;
  if (word === undefined || asked.length - added.length < leastShared) return null;
  const missing = without(there, asked);
  const isOneWord = added.length === 1 && missing.length <= 1;
  const isNarrowed = missing.length === 0 && standInOnePhrase(added, question.words);
  return isOneWord || isNarrowed ? { kind: "entity", detail: word } : null;
}

function standInOnePhrase(added: readonly string[], words: readonly string[]): boolean {
  return words.some((word, at) => {
    if (!narrowing.has(word)) return false;
    const phrase = words.slice(at, at + 1 + phraseLength);
    return added.every((one) => phrase.includes(one));
  });
}

function topicOf(text: GuardText): readonly string[] {
  const words = text.words.filter(
    (word) => !stopWords.has(word) && !courtesies.has(word) && !fillers.has(word),
  );
  return [...new Set(words)];
}

function without(words: readonly string[], others: readonly string[]): readonly string[] {
  return words.filter(
    (word) => !others.some((other) => stem(word) === stem(other) || isTypo(word, other)),
  );
}
