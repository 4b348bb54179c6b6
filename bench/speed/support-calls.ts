/** A policy that answers in the pod by template, FAQ and label, and calls that it answers; the parts that need the model use it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import type { Running } from "./contenders.ts";
import { plainCall } from "./traffic.ts";

const faqFile = join(import.meta.dirname, "../../policies/recipes/faq/store.yaml");
const supportPrompt = "You are the Marlow & Finch support assistant.";
const labelPrompt =
  "Classify the sentiment of the review as positive, negative or neutral. Reply with the label alone.";

/** The model reads every call that comes to the routes after the first. */
export function supportPolicy(upstream: string): string {
  return `version: 1
mode: enforce
model: support-v1
providers:
  openai: { url: "${upstream}/v1" }
routes:
  - name: relayed
    when: { header: { x-relay: "*" } }
    forward: {}
  - name: greeting
    when: { task: greeting, confidence: ">= 0.90" }
    answer: { template: "Hello! How can I help you today?" }
  - name: faq
    when: { system: { contains: "Marlow & Finch support" }, max_wrong: 0.5% }
    answer: { faq: ${JSON.stringify(faqFile)} }
  - name: label
    when: { system: { contains: Classify the sentiment } }
    answer: { label: sentiment, confidence: ">= 0.90" }
  - name: everything-else
    forward: {}
`;
}

/** A policy without a model that keeps every reply. */
export function keepingPolicy(upstream: string): string {
  return `version: 1
mode: enforce
model: null
providers:
  openai: { url: "${upstream}/v1" }
cache: { mode: exact, scope: global, ttl: 1h }
routes:
  - name: everything
    forward: {}
`;
}

const greetings = [
  "hello",
  "hi",
  "hey",
  "hi there",
  "hello there",
  "good morning",
  "good evening",
  "good afternoon",
  "hey there",
  "hello, how are you",
  "hi, good morning",
  "howdy",
];

const reviews = [
  "I love it, it works perfectly and looks great.",
  "This is the best kettle I have ever had, thank you so much!",
  "Fantastic quality, I am very happy with it.",
  "Great service and a wonderful product, I will buy it again.",
  "It broke after two days, I am really disappointed.",
  "Terrible. I hate it and I want my money back.",
  "The worst purchase I have made in years, awful quality.",
  "I am so angry, this is useless and nobody helps.",
  "Amazing, my kids love it and so do I!",
  "I am sad that it arrived damaged again, very poor.",
];

const faqSchema = v.object({
  entries: v.array(v.object({ q: v.union([v.string(), v.array(v.string())]) })),
});

/** Kinds of answers with calls that ask for them. */
export const answeredCalls: Readonly<Record<"template" | "FAQ" | "label", readonly string[]>> = {
  template: greetings.map((text) => plainCall(text)),
  FAQ: questions().map((text) => plainCall(text, supportPrompt)),
  label: reviews.map((text) => plainCall(text, labelPrompt)),
};

/** English ones alone, since those in Japanese are not read by the model. */
function questions(): readonly string[] {
  const { entries } = v.parse(faqSchema, parse(readFileSync(faqFile, "utf8")));
  const all = entries.flatMap(({ q }) => q);
  return all.filter((text) => /^[\x20-\x7e]+$/u.test(text)).slice(0, 40);
}

/** Those of the calls that this Sidestep answers itself; throws when it answers none. */
export async function answeredBy(
  { name, endpoint }: Running,
  calls: readonly string[],
): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const body of calls) {
    const { url, path, headers } = endpoint;
    const reply = await fetch(`${url}${path}`, { method: "POST", headers, body });
    await reply.arrayBuffer();
    const decision = reply.headers.get("x-sidestep-decision");
    if (decision === "local" || decision === "cache") kept.push(body);
  }
  if (kept.length === 0) throw new Error(`${name} answers none of its calls`);
  return kept;
}
