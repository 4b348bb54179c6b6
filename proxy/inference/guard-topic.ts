/** The pair guard's check of one word said more or said in another's place: of a FAQ's short questions, that is another question. */
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

/** Two questions that are the same but for one word of the asked one, and at most one of the matched. */
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
  const shared = asked.length - added.length;
  if (word === undefined || added.length > 1 || shared < leastShared) return null;
  return without(there, asked).length > 1 ? null : { kind: "entity", detail: word };
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
