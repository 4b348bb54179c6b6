/** Recognises prompts that use the model as a classifier and picks a sensible label. */

import { fraction } from "./random.ts";

const ITEM = String.raw`["'\x60“”*]?[\p{L}][\p{L}\p{N}_-]*["'\x60“”*]?`;
const JOIN = String.raw`\s*(?:,\s*(?:or|and)\s+|,|\||\/|;|\s+or\s+|\s+and\s+)\s*`;
const LIST = String.raw`${ITEM}(?:${JOIN}${ITEM})+`;
const LEAD = String.raw`(?:one of|labels?|categor(?:y|ies)|classes|options|either|into|as|with|only)`;
const LABEL_PROMPT = /\b(?:classif|categori[sz]|label|sentiment|which category|detect the)/iu;
const LABEL_LIST = new RegExp(String.raw`${LEAD}[^\n.]{0,40}?[:\s(\[{]\s*(${LIST})`, "iu");

const CUES: Readonly<Record<string, RegExp>> = {
  positive: /\b(?:love|great|excellent|happy|thanks?|thank you|perfect|amazing|good|wonderful)\b/iu,
  negative:
    /\b(?:hate|terrible|awful|broken|angry|worst|bad|disappoint\w*|late|never|not work\w*|rude)\b/iu,
  urgent: /\b(?:now|immediately|asap|urgent|emergency)\b/iu,
  refund: /\b(?:refund|money back|return)\b/iu,
  billing: /\b(?:bill|charge\w*|invoice|payment|fee)\b/iu,
  shipping: /\b(?:ship\w*|deliver\w*|parcel|track\w*|order|arriv\w*)\b/iu,
  order: /\b(?:order|ship\w*|deliver\w*|track\w*)\b/iu,
  technical: /\b(?:crash\w*|error|bug|login|log in|app|website|password)\b/iu,
  account: /\b(?:account|password|log ?in|profile|email)\b/iu,
  complaint: /\b(?:complain\w*|unacceptable|worst|manager|supervisor)\b/iu,
  spam: /\b(?:winner|prize|click here|free money|crypto)\b/iu,
};

const LAST_RESORT = ["neutral", "other", "general", "unknown", "none"];

/** The labels a prompt offers, or nothing when it is no labelling prompt. */
export function labelsIn(prompt: string): readonly string[] {
  if (!LABEL_PROMPT.test(prompt)) return [];
  const list = LABEL_LIST.exec(prompt)?.[1];
  if (list === undefined) return [];
  return list
    .split(/,|\||\/|;|\s+or\s+|\s+and\s+|\bor\s+|\band\s+/iu)
    .map((label) => label.replaceAll(/["'`“”*\s]/gu, ""))
    .filter((label) => label !== "");
}

/** The label that suits the text best; the seed decides where nothing speaks for any. */
export function chooseLabel(labels: readonly string[], text: string, seed: number): string {
  const cued = labels.find((label) => cueOf(label)?.test(text) === true);
  if (cued !== undefined) return cued;
  const named = labels.find((label) => text.toLowerCase().includes(label.toLowerCase()));
  if (named !== undefined) return named;
  const neutral = labels.find((label) => LAST_RESORT.includes(label.toLowerCase()));
  if (neutral !== undefined) return neutral;
  return labels[Math.floor(fraction(seed, text) * labels.length)] ?? "";
}

function cueOf(label: string): RegExp | undefined {
  const name = label.toLowerCase();
  const key = Object.keys(CUES).find((cue) => name.startsWith(cue));
  return key === undefined ? undefined : CUES[key];
}
