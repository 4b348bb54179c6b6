/** A large FAQ: real questions about hotels and restaurants, many of which differ in the place alone, beside as many Japanese ones. */
import { Draw } from "../intents/noise.ts";
import { field, normalised, readRows } from "../intents/corpus.ts";
import { generate, rewritesOf, type Case, type SwapSet } from "./generate.ts";
import { moreThings } from "./templates.ts";

/** A question that names its place. */
interface Question {
  readonly domain: string;
  readonly place: string;
  readonly text: string;
}

// Every fifth place is left out: whatever is asked about it must not be answered.
const leftOut = 5;
const mostSwaps = 1500;

/** `count` English entries at most; the same seed gives the same set. */
export function generateLarge(seed: number, data: string, count: number): SwapSet {
  const draw = new Draw(seed);
  const questions = questionsOf(data);
  const places = draw.some([...new Set(questions.map(({ place }) => place))], Infinity);
  const absent = new Set(places.filter((_, at) => at % leftOut === 0));
  const held = draw.some(
    questions.filter(({ place }) => !absent.has(place)),
    count,
  );
  const left = questions.filter(({ place }) => absent.has(place));
  const sources = held.map(({ text }, at): Case => caseOf("place", text, `place-${at}`));
  const japanese = generate(seed, { en: [], ja: moreThings });
  const english = sources.map(({ text, id }) => ({
    id,
    questions: [text],
    answer: `The answer to ${id}.`,
    language: "en",
  }));
  return {
    entries: [...english, ...japanese.entries],
    swaps: [...moved(held, left, draw), ...unknown(left, draw), ...japanese.swaps],
    rewrites: [...sources.flatMap((source) => rewritesOf(source, draw)), ...japanese.rewrites],
  };
}

function caseOf(kind: string, text: string, id: string): Case {
  return { kind, language: "en", text, id };
}

/** An entry's question, asked about a place that the FAQ does not have. */
function moved(held: readonly Question[], left: readonly Question[], draw: Draw): Case[] {
  return held
    .flatMap(({ domain, place, text }, at) => {
      const others = left.filter((other) => other.domain === domain);
      if (others.length === 0) return [];
      return [caseOf("other place", text.replace(place, draw.one(others).place), `place-${at}`)];
    })
    .slice(0, mostSwaps);
}

/** Questions about places that the FAQ does not have, in their own words. */
function unknown(left: readonly Question[], draw: Draw): Case[] {
  return draw.some(left, mostSwaps).map(({ text }) => caseOf("new place", text, ""));
}

function questionsOf(data: string): readonly Question[] {
  const rows = readRows(data, "dstc9_faq_train")
    .map((row) => ({
      domain: field(row, "domain"),
      place: titled(field(row, "entity")),
      text: field(row, "question"),
    }))
    .filter(({ place, text }) => place !== "" && text !== "")
    .map((row) => ({ ...row, text: named(row.text, row.place) }));
  return [...new Map(rows.map((row) => [normalised(row.text), row])).values()];
}

/** The question with its place in one spelling; one that does not name it gets it in front. */
function named(text: string, place: string): string {
  const at = text.toLowerCase().indexOf(place.toLowerCase());
  if (at < 0) return `${place}: ${text}`;
  return `${text.slice(0, at)}${place}${text.slice(at + place.length)}`;
}

/** "A AND B GUEST HOUSE" as people write it. */
function titled(place: string): string {
  return place.toLowerCase().replaceAll(/(?<![\p{L}'])\p{L}/gu, (letter) => letter.toUpperCase());
}
