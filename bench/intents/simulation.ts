/** Simulated policies: intents or FAQs drawn from the corpus, with calls of which it is known whether answering is right. */
import { readForGuard } from "../../proxy/inference/guard-text.ts";
import { distinguishingWords } from "../../proxy/inference/faq-names.ts";
import { Identifiers } from "../../proxy/inference/identifiers.ts";
import type { Lexicon } from "../../proxy/inference/lexicon.ts";
import { Matcher, type Match, type SentenceClass } from "../../proxy/inference/matcher.ts";
import { fitRegression } from "../../proxy/inference/regression.ts";
import { flattened } from "../../proxy/inference/vectors.ts";
import { normalised, type Corpus, type Row } from "./corpus.ts";
import { noisy, type Draw } from "./noise.ts";
import { isDoubled } from "./same-meaning.ts";

/** One call of one simulated policy. */
export interface Sample {
  readonly policy: number;
  readonly features: readonly number[];
  readonly isRight: boolean;
  /** The pair guard forbids an answer, so the call is never answered. */
  readonly isBarred: boolean;
}

/** Sentences by class, and calls with the class that they mean (-1: none). */
export interface Scenario {
  readonly classes: readonly (readonly string[])[];
  readonly calls: readonly { readonly text: string; readonly means: number }[];
  /** Sentences of intents that are asked for and that the policy lacks, though it has their neighbours. */
  readonly lacking?: readonly (readonly string[])[];
}

/** Known embeddings of every text. */
export type Vectors = (text: string) => Float32Array;

// Shares of calls: of the policy's domains, whether it has the intent or not; of other domains; the rest is none at all.
const domestic = 0.5;
const foreign = 0.2;
const noise = 0.25;
// The same for FAQs: a question that the FAQ has; one like it.
const meant = 0.4;
const near = 0.2;

// Support domains stand in most simulated policies, each of the assistant's domains in some.
const supportShare = 0.7;
const otherShare = 0.2;

/** An intent policy like a support desk's: most intents of a few domains that the model does not know, a few sentences each. */
export function intentScenario(corpus: Corpus, draw: Draw, callCount: number): Scenario {
  const sources = [...new Set([...corpus.intents.keys()].map(sourceOf))].filter(corpus.isUnknown);
  const chosen = new Set(drawSources(sources, draw));
  const pool = [...corpus.intents.keys()].filter((key) => chosen.has(sourceOf(key)));
  const share = draw.one([0.5, 0.8, 0.9, 0.95, 1]);
  const keys = withoutDoubles(draw.some(pool, Math.max(3, Math.round(pool.length * share))));
  const most = draw.one([3, 4, 5, 5, 5, 8, 10]);
  const classes = keys.map((key) => {
    const rows = corpus.intents.get(key) ?? [];
    const count = draw.share() < 0.8 ? most : draw.integer(1, most);
    return draw.some(rows, Math.max(1, Math.min(count, rows.length - 1))).map(({ text }) => text);
  });
  const told = [...corpus.intents.keys()].filter((key) => !isDoubled(key, keys));
  const asked = told.filter((key) => chosen.has(sourceOf(key)));
  const others = told.filter((key) => !chosen.has(sourceOf(key)));
  const call = (): { row: Row; means: number } => {
    const kind = draw.share();
    const group = kind < domestic || others.length === 0 ? asked : others;
    if (kind >= domestic + foreign) return { row: draw.one(corpus.outside), means: -1 };
    const key = draw.one(group);
    return { row: draw.one(corpus.intents.get(key) ?? []), means: keys.indexOf(key) };
  };
  const lacking = asked
    .filter((key) => !keys.includes(key))
    .map((key) => (corpus.intents.get(key) ?? []).map(({ text }) => text));
  return { classes, calls: drawCalls(call, classes, callCount, draw), lacking };
}

/** Without the intents that an earlier one of another set means too. */
function withoutDoubles(keys: readonly string[]): string[] {
  const kept: string[] = [];
  for (const key of keys) if (!isDoubled(key, kept)) kept.push(key);
  return kept;
}

function drawSources(sources: readonly string[], draw: Draw): string[] {
  const chosen = sources.filter(
    (source) => draw.share() < (source.startsWith("clinc150 ") ? otherShare : supportShare),
  );
  return chosen.length > 0 ? chosen : draw.some(sources, 1);
}

/** A FAQ: one to three wordings of each question, entity questions, or statements with a paraphrase each. */
export function faqScenario(corpus: Corpus, draw: Draw, callCount: number): Scenario {
  const kind = draw.share();
  if (kind < 0.45) return entityScenario(corpus, draw, callCount);
  if (kind < 0.6) return paraphraseScenario(corpus, draw, callCount);
  const { classes, calls } = intentScenario(corpus, draw, callCount);
  const wordings = draw.integer(1, 3);
  return { classes: classes.map((sentences) => sentences.slice(0, wordings)), calls };
}

function entityScenario(corpus: Corpus, draw: Draw, callCount: number): Scenario {
  const distinct = [...new Map(corpus.entities.map((row) => [normalised(row.text), row])).values()];
  const held = draw.some(distinct, draw.integer(30, 900));
  const inside = new Set(held.map(({ text }) => text));
  const left = distinct.filter(({ text }) => !inside.has(text));
  const classes = held.map(({ text }) => [text]);
  const call = (): { row: Row; means: number } => {
    const kind = draw.share();
    const means = draw.integer(0, held.length - 1);
    const row = held[means];
    if (kind < meant && row !== undefined) return { row: reworded(row, draw), means };
    if (kind < meant + 2 * near) return { row: draw.one(left), means: -1 };
    return { row: draw.one([...corpus.intents.values()].flat()), means: -1 };
  };
  return { classes, calls: drawCalls(call, classes, callCount, draw) };
}

/** "NAME: question" and "question at NAME" ask the same. */
function reworded(row: Row, draw: Draw): Row {
  const question = row.text.startsWith(`${row.label}: `)
    ? row.text.slice(row.label.length + 2)
    : null;
  if (question === null || draw.share() < 0.5) return row;
  const bare = question.replace(/[?.!\s]+$/u, "");
  const text = draw.one([
    `${row.label} - ${question}`,
    `${bare} at ${row.label}?`,
    `I have a question about ${row.label}. ${question}`,
    `${bare} at ${row.label.toLowerCase()}`,
  ]);
  return { ...row, text };
}

function paraphraseScenario(corpus: Corpus, draw: Draw, callCount: number): Scenario {
  const pairs = draw.some(corpus.paraphrases, draw.integer(50, 400));
  const inside = new Set(pairs);
  const left = corpus.paraphrases.filter((pair) => !inside.has(pair));
  const classes = pairs.map(({ text }) => [text]);
  const call = (): { row: Row; means: number } => {
    const kind = draw.share();
    const means = draw.integer(0, pairs.length - 1);
    if (kind < meant) return { row: rowOf(pairs[means]?.other ?? ""), means };
    if (kind < meant + near) return { row: rowOf(draw.one(left).other), means: -1 };
    return { row: draw.one(corpus.outside), means: -1 };
  };
  return { classes, calls: drawCalls(call, classes, callCount, draw) };
}

function rowOf(text: string): Row {
  return { source: "paraphrase", label: "", text };
}

/** Calls that are no sentence of the policy; some are misspelt. */
function drawCalls(
  call: () => { row: Row; means: number },
  classes: readonly (readonly string[])[],
  count: number,
  draw: Draw,
): { text: string; means: number }[] {
  const known = new Set(classes.flat().map(normalised));
  const calls: { text: string; means: number }[] = [];
  for (let tries = 0; tries < 3 * count && calls.length < count; tries += 1) {
    const { row, means } = call();
    const text = draw.share() < noise ? noisy(row.text, draw) : row.text;
    if (!known.has(normalised(text))) calls.push({ text, means });
  }
  return calls;
}

function sourceOf(key: string): string {
  return key.slice(0, key.indexOf("/"));
}

/** Every text of a scenario. */
export function textsOf({ classes, calls }: Scenario): string[] {
  return [...classes.flat(), ...calls.map(({ text }) => text)];
}

/** Finds the class of a text among a scenario's, as the proxy does. */
export type Find = (text: string) => Match | null;

/** How a scenario's sentences are matched: with a regression for intents, without for FAQs. */
export function finderOf(
  scenario: Scenario,
  kind: "intents" | "faq",
  lexicon: Lexicon,
  vectors: Vectors,
): Find {
  const matcher = matcherOf(scenario, kind, lexicon, vectors);
  const identifiers = new Identifiers(kind === "intents" ? scenario.classes.flat() : []);
  return (text) => matcher.match(identifiers.asKnown(text), vectors(text));
}

function matcherOf(
  scenario: Scenario,
  kind: "intents" | "faq",
  lexicon: Lexicon,
  vectors: Vectors,
): Matcher {
  const classes: SentenceClass[] = scenario.classes.map((sentences) => ({
    sentences,
    vectors: sentences.map(vectors),
  }));
  if (kind === "faq") {
    const names = distinguishingWords(scenario.classes, lexicon);
    return new Matcher(classes, lexicon, null, (word) => names.has(word));
  }
  const width = classes[0]?.vectors[0]?.length ?? 0;
  const rows = classes.flatMap((one) => one.vectors);
  const labels = Int32Array.from(classes.flatMap((one, k) => one.vectors.map(() => k)));
  const examples = { vectors: flattened(rows, width), width, labels, classes: classes.length };
  return new Matcher(classes, lexicon, fitRegression(examples), () => false);
}

/** What was measured of each call. Calls that repeat a sentence but for courtesies are left out: they are certain. */
export function samplesOf(scenario: Scenario, find: Find, policy: number): Sample[] {
  return scenario.calls.flatMap(({ text, means }) => {
    const match = find(text);
    if (match === null || match.isExact || readForGuard(text).words.length === 0) return [];
    const { features, best, objection } = match;
    return [{ policy, features, isRight: best === means, isBarred: objection !== null }];
  });
}
