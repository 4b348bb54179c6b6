/** The answers a test dictates: text of the last user turn, perhaps of one user only, to the words to answer with. */

import { isObject, objectsOf, stringOf } from "./json.ts";

export interface Answer {
  /** The last user turn, as written. */
  readonly text: string;
  /** Only for this `user` (`metadata.user_id` with Anthropic); without it, for everybody. */
  readonly user?: string;
  readonly answer: string;
}

const MAX_ANSWERS = 500_000;

export class AnswerBook {
  readonly #answers = new Map<string, string>();

  constructor(answers: readonly Answer[] = []) {
    this.add(answers);
  }

  get size(): number {
    return this.#answers.size;
  }

  /** Throws RangeError when the book would hold more than half a million answers. */
  add(answers: readonly Answer[]): void {
    if (this.#answers.size + answers.length > MAX_ANSWERS) {
      throw new RangeError(`more than ${MAX_ANSWERS} answers`);
    }
    for (const { text, user, answer } of answers) this.#answers.set(key(text, user), answer);
  }

  clear(): void {
    this.#answers.clear();
  }

  find(text: string, user: string | undefined): string | undefined {
    const own = user === undefined ? undefined : this.#answers.get(key(text, user));
    return own ?? this.#answers.get(key(text, undefined));
  }
}

/** Reads `{"answers": [{"text", "user"?, "answer"}]}`; throws TypeError when an entry lacks a field. */
export function readAnswers(body: unknown): readonly Answer[] {
  const entries = isObject(body) ? objectsOf(body["answers"]) : [];
  return entries.map((entry) => {
    const text = stringOf(entry["text"]);
    const answer = stringOf(entry["answer"]);
    const user = stringOf(entry["user"]);
    if (text === undefined || answer === undefined) {
      throw new TypeError("an answer needs text and answer");
    }
    return user === undefined ? { text, answer } : { text, user, answer };
  });
}

function key(text: string, user: string | undefined): string {
  return user === undefined ? `*\u0000${text}` : `u${user}\u0000${text}`;
}
