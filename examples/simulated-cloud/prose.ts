/** Plausible words for a question nobody dictated an answer to; the same question always gets the same words. */

import { pick } from "./random.ts";

type Lines = readonly [string, ...string[]];

interface Topic {
  readonly when: RegExp;
  readonly lines: Lines;
}

const TOPICS: readonly Topic[] = [
  {
    when: /[\u3040-\u30ff\u4e00-\u9fff]/u,
    lines: [
      "お問い合わせありがとうございます。状況を確認しましたので、順にご説明します。まず登録内容をご確認のうえ、必要であれば担当者におつなぎします。",
      "ご質問ありがとうございます。結論から申し上げますと、手続きは数分で終わります。詳しい手順は次のとおりです。",
    ],
  },
  {
    when: /\bdef\b|\bfunction\b|```|\bcode\b|\bpython\b|\bsql\b|\bregex\b/iu,
    lines: [
      "Here is one way to do it:\n\n```python\ndef solve(items):\n    seen = set()\n    return [item for item in items if not (item in seen or seen.add(item))]\n```\n\nIt keeps the first of each value, runs in linear time, and leaves the input as it was.",
      "Two things matter here: the shape of the input and what should happen with empty values. This version handles both:\n\n```python\ndef run(values):\n    return sorted(v for v in values if v is not None)\n```",
    ],
  },
  {
    when: /\d.*\b(?:how many|how much|total|sum|percent|average|equation|calculate)\b|\b(?:how many|how much|total|percent|calculate)\b.*\d|[=+*]\s*\d/isu,
    lines: [
      "Let us take it step by step. First write down what is given, then what is asked. Setting up the equation and solving it gives the intermediate value; putting that back into the first line gives the result, which can be checked against the figures in the question.",
      "Start with the quantity that is known and convert everything to the same unit. The second sentence gives the factor to multiply by. Carrying that through and rounding only at the end leads to the answer.",
    ],
  },
  {
    when: /\b(?:order|track|deliver\w*|parcel|package|shipment)\b|#W\d+/iu,
    lines: [
      "I looked that up for you. It left our warehouse yesterday and is expected within two working days; the carrier sends a message on the morning of delivery.",
      "Thanks for waiting. The order is being packed and will be handed to the carrier today. You will get a tracking link by e-mail as soon as it is scanned.",
    ],
  },
  {
    when: /\b(?:refund|money back|return|charge\w*|fee|bill|payment)\b/iu,
    lines: [
      "Refunds go back to the way you paid and take three to five working days to appear, depending on your bank. If it has been longer than that, send us the reference and we will follow it up.",
      "That charge belongs to the last billing period. You will find the details under Payments; if anything there looks wrong to you, we can raise a dispute right away.",
    ],
  },
  {
    when: /^\s*(?:hi|hello|hey|good (?:morning|evening|afternoon))\b/iu,
    lines: [
      "Hello! It is good to hear from you. What can I do for you today?",
      "Hi there! How can I help?",
    ],
  },
];

const GENERAL: Lines = [
  "There are two sides to this. On the one hand the short answer is yes, provided that the usual conditions hold; on the other hand the details depend on the situation, so it is worth checking them before you decide. I would start with the simplest option and change course only if it does not work out.",
  "A good way to look at it is to separate what is known from what is assumed. What is known points in one direction; the assumptions are where opinions differ. Taking both into account, I would go for the middle way and review it after a week.",
  "In short: it depends on three things, namely time, cost and how sure you need to be. If time matters most, choose the first option; if cost does, the second. Otherwise take the one that is easiest to undo.",
];

export function proseFor(text: string, seed: number): string {
  const topic = TOPICS.find(({ when }) => when.test(text.slice(0, 4000)));
  return pick(topic?.lines ?? GENERAL, seed, text);
}
