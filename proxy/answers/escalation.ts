/** escalation: whether a text asks, in so many words, for a person or a superior, or to complain formally; label-source.ts asks. */
import { probability } from "../core/brand.ts";
import type { Scored } from "../core/signals.ts";

const person =
  String.raw`(?:(?:an?|your|the|some|any|another|one of your)\s+)?` +
  String.raw`(?:(?:real|live|actual|human|customer|support|service)\s+){0,2}` +
  "(?:human(?: being)?|person|agent|representative|rep|manager|supervisor|operator|advisor)";

/** One wish in one sentence, of someone for themselves. */
const asked: readonly RegExp[] = [
  new RegExp(
    String.raw`\b(?:speak|talk|chat|connect(?:ed)?(?: me)?|transfer(?:red)? me|put me through|hand me over|escalate this)\s+(?:to|with)\s+${person}\b`,
    "iu",
  ),
  new RegExp(
    String.raw`\b(?:get me|i (?:want|need|demand)|give me)\s+${person}(?:\s+(?:now|please|right now))?\s*[.!]*$`,
    "iu",
  ),
  /\b(?:i (?:want|need|wish|would like|['’]d like) to|i(?: am|['’]m) going to|i will|i['’]ll|let me|help me(?: to)?|how (?:do|can) i)\s+(?:file|lodge|make|submit|register)\s+(?:an?|my|this|another|the)?\s*(?:(?:formal|official|consumer|customer)\s+)?complaint\b/iu,
  /\bi(?:['’]ll| will|['’]m going to| am going to)\s+(?:sue you|take legal action|call my lawyer)\b/iu,
];

/** What makes such words something else: a denial, a condition, talk about what was, or about somebody. */
const otherwise =
  /\b(?:not|no|never|without|instead of|rather than|joke|story|are you|is this|if|unless|until|already|yesterday|earlier|was|were|had|did|he|she|they|him|her|them|his)\b|n['’]t\b/iu;

/** Longer texts say more than one thing. */
const longest = 160;

/**
 * Lower end of the 95 % interval of what was right: 92 of 93 texts that the rule took of Bitext, Banking77, CLINC150,
 * GoEmotions and NatCS training and development rows.
 */
const measured = probability(0.94);
const unsaid = probability(0);

/** Only ever sure that a text is to be escalated: what asks for nothing may still deserve a person. */
export function escalationOf(text: string): Scored {
  const isAsked =
    text.length <= longest && !otherwise.test(text) && asked.some((pattern) => pattern.test(text));
  return { label: "escalate", confidence: isAsked ? measured : unsaid };
}
