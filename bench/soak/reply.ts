/** The bytes of the upstream's replies, by call number alone, so that a caller can tell a wrong byte. */

import { createHash } from "node:crypto";
import type { CallPlan } from "./plan.ts";

const mark = "soak-";

/** The number of the call that a reply was made for, stored ones included; null when it is none of ours. */
export function originOf(body: Buffer): number | null {
  const number = /"id":"soak-(\d+)"/u.exec(body.toString("latin1", 0, 200))?.[1];
  return number === undefined ? null : Number(number);
}

/** The whole body, in the pieces in which it leaves. */
export function piecesOf({ number, isStream }: Pick<CallPlan, "number" | "isStream">): Buffer[] {
  const words = wordsOf(number);
  return (isStream ? events(number, words) : [completion(number, words)]).map((text) =>
    Buffer.from(text),
  );
}

/** An error of the provider's own. */
export function errorBody(number: number, status: number): Buffer {
  const message = `failed by plan, call ${number}`;
  return Buffer.from(JSON.stringify({ error: { message, type: "server_error", code: status } }));
}

/** From five words to some hundred, each call its own. */
function wordsOf(number: number): readonly string[] {
  const digest = createHash("sha256").update(`words/${number}`).digest("hex");
  const count = 5 + (Number.parseInt(digest.slice(0, 4), 16) % 150);
  return Array.from({ length: count }, (_, at) => digest.slice(at % 56, (at % 56) + 2 + (at % 7)));
}

const usage = (count: number): object => ({
  prompt_tokens: 20,
  completion_tokens: count,
  total_tokens: 20 + count,
});

function completion(number: number, words: readonly string[]): string {
  return JSON.stringify({
    id: `${mark}${number}`,
    object: "chat.completion",
    created: 1,
    model: "gpt-4o-mini",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: words.join(" "), refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: usage(words.length),
  });
}

/** A few words an event, as real ones come. */
function events(number: number, words: readonly string[]): readonly string[] {
  const chunks = Array.from({ length: Math.ceil(words.length / 8) }, (_, at) =>
    words.slice(at * 8, at * 8 + 8).join(" "),
  );
  const event = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({
      id: `${mark}${number}`,
      object: "chat.completion.chunk",
      created: 1,
      model: "gpt-4o-mini",
      choices: [{ index: 0, delta, finish_reason: finish }],
    })}\n\n`;
  return [
    event({ role: "assistant", content: "" }, null),
    ...chunks.map((text) => event({ content: `${text} ` }, null)),
    event({}, "stop"),
    "data: [DONE]\n\n",
  ];
}
