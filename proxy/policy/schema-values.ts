/** Building blocks of the policy's schema: kinds of values, with the sentences people read when one is wrong. */
import * as v from "valibot";
import type { Bound } from "../core/policy.ts";
import { nearestHint } from "./nearest.ts";
import { readPattern } from "./pattern.ts";
import {
  boundOf,
  COMPARISON,
  DURATION,
  durationMs,
  PERCENT,
  percentShare,
  SIZE,
  sizeBytes,
} from "./units.ts";

/** A schema that reads anything and gives `T` or issues. */
export type Schema<T> = v.GenericSchema<unknown, T>;

/** What valibot says of one issue. */
type Issue = v.BaseIssue<unknown>;

/** An optional key with the sentence that editors and the reference show. */
export function key<T>(schema: Schema<T>, about: string): v.OptionalSchema<Schema<T>, undefined> {
  return v.optional(v.pipe(schema, v.description(about)));
}

/** A key that must be there. */
export function requiredKey<T>(schema: Schema<T>, about: string): Schema<T> {
  return v.pipe(schema, v.description(about));
}

/** A map with these keys and no others. */
export function map<E extends v.ObjectEntries>(
  entries: E,
): Schema<v.InferOutput<v.StrictObjectSchema<E, undefined>>> {
  const message = (issue: Issue): string => {
    const name = String(issue.path?.at(-1)?.key);
    if (issue.expected !== "never") return `the key \`${name}\` is missing`;
    return `unknown key \`${name}\`${nearestHint(name, Object.keys(entries))}`;
  };
  return v.pipe(mapping, v.strictObject(entries, message));
}

/** A map with names of one's own for keys. */
export function dictionary<T>(
  name: v.GenericSchema<string, string>,
  value: Schema<T>,
): Schema<Record<string, T>> {
  return v.pipe(mapping, v.record(name, value));
}

const mapping = v.custom<Record<string, unknown>>(
  (input) => typeof input === "object" && input !== null && !Array.isArray(input),
  expected("a map"),
);

/** A list, also an empty one. */
export function listOrNone<T>(item: Schema<T>): Schema<T[]> {
  return v.array(item, expected("a list"));
}

/** A list of at least one. */
export function list<T>(item: Schema<T>): Schema<T[]> {
  return v.pipe(listOrNone(item), v.minLength(1, "this list is empty"));
}

/** One value, or a list of at least one; what is neither is told what one value would be. */
export function oneOrMore<T>(item: Schema<T>): Schema<readonly T[]> {
  const alone = v.pipe(
    item,
    v.transform((only: T) => [only]),
  );
  return v.union([alone, list(item)], FIRST_CHOICE);
}

/** The message of a union that has none of its own: its first choice's stands. */
export const FIRST_CHOICE = "";

/** One of several kinds, the first that fits; `what` names them all. */
export function either<A, B>(one: Schema<A>, other: Schema<B>, what: string): Schema<A | B> {
  return v.union([one, other], expected(what));
}

/** One of these words. */
export function word<const W extends readonly string[]>(words: W): Schema<W[number]> {
  return v.picklist(words, (issue) => {
    const all = words.map((each) => `\`${each}\``).join(", ");
    if (typeof issue.input !== "string") return `expected one of ${all}`;
    return `expected one of ${all}${nearestHint(issue.input, words)}`;
  });
}

/** Text that is not blank and not longer than `longest` characters. */
export function text(longest = 32_768): v.GenericSchema<unknown, string> {
  return v.pipe(
    v.string(expected("text")),
    v.regex(/\S/, "this text is empty"),
    v.maxLength(longest, `this text is longer than ${longest} characters`),
  );
}

/** Text of a given form. */
export function form(pattern: RegExp, message: string): v.GenericSchema<unknown, string> {
  return v.pipe(v.string(expected("text")), v.regex(pattern, message));
}

/** A key of a dictionary. */
export function nameForm(pattern: RegExp, message: string): v.GenericSchema<string, string> {
  return v.pipe(v.string(), v.regex(pattern, message));
}

/** Text, or a number or a truth value taken as its text. */
export const scalarText: Schema<string> = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], expected("text")),
  v.transform(String),
);

/** True or false. */
export const flag: Schema<boolean> = v.boolean(expected("true or false"));

/** A whole number within limits. */
export function whole(least: number, most: number): Schema<number> {
  const message = `expected a whole number from ${least} to ${most}`;
  return v.pipe(
    v.number(expected("a whole number")),
    v.integer(message),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
}

/** A number within limits. */
export function number(least: number, most: number): Schema<number> {
  const message = `expected a number from ${least} to ${most}`;
  return v.pipe(
    v.number(expected("a number")),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
}

/** Milliseconds, from a duration within limits; a plain 0 is a duration too. */
export function duration(leastMs: number, longest: string): Schema<number> {
  const mostMs = durationMs(longest) ?? 0;
  const range = `expected a duration from ${leastMs}ms to ${longest}`;
  return v.pipe(
    either(
      v.literal(0),
      reading(DURATION, durationMs, 'expected a duration such as "150ms", "30s" or "24h"'),
      'a duration such as "30s"',
    ),
    v.check((ms) => ms >= leastMs && ms <= mostMs, range),
  );
}

/** Bytes, from a size within limits; a plain whole number is bytes. */
export function size(least: number, most: string): Schema<number> {
  const mostBytes = sizeBytes(most) ?? 0;
  return v.pipe(
    either(
      v.pipe(v.number(), v.integer("expected whole bytes")),
      reading(SIZE, sizeBytes, 'expected a size such as "64KiB" or "10MB"'),
      'a size such as "64KiB"',
    ),
    v.check((bytes) => bytes >= least && bytes <= mostBytes, `expected ${least}B to ${most}`),
  );
}

/** A share above 0, from a percent. */
export const percent: Schema<number> = v.pipe(
  reading(PERCENT, percentShare, 'expected a percent up to 100%, such as "0.5%"'),
  v.check((share) => share > 0, "expected more than 0%"),
);

/** Which numbers a comparison may name. */
export interface BoundRule {
  readonly least: number;
  readonly most: number;
  /** The operator that a number alone stands for; null when it needs one. */
  readonly bare: Bound["op"] | null;
  readonly isWhole?: boolean;
}

/** A comparison such as ">= 0.90". */
export function bound(rule: BoundRule): Schema<Bound> {
  const sample = rule.isWhole === true ? '"<= 3"' : '">= 0.90"';
  const message = `expected a comparison such as ${sample}`;
  const range = `expected a number from ${rule.least} to ${rule.most}`;
  const compare = (written: string): Bound | null => boundOf(written, rule.bare);
  const written = reading(COMPARISON, compare, message);
  const bare = v.pipe(
    v.number(),
    v.rawTransform<number, Bound>(({ dataset, addIssue, NEVER }) => {
      if (rule.bare !== null) return { op: rule.bare, value: dataset.value };
      addIssue({ message: `${message}; a number alone does not say which way` });
      return NEVER;
    }),
  );
  return v.pipe(
    either(written, bare, `a comparison such as ${sample}`),
    v.check(({ value }) => value >= rule.least && value <= rule.most, range),
    v.check(
      ({ value }) => rule.isWhole !== true || Number.isInteger(value),
      "expected a whole number",
    ),
  );
}

/** A regular expression. */
export const pattern: Schema<RegExp> = v.pipe(
  text(),
  v.rawTransform<string, RegExp>(({ dataset, addIssue, NEVER }) => {
    const read = readPattern(dataset.value);
    if (read.ok) return read.pattern;
    addIssue({ message: read.message });
    return NEVER;
  }),
);

/** "expected ..., found ...": what was meant, and the kind of what stands there, never its value. */
export function expected(what: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => `expected ${what}, found ${kindOf(input)}`;
}

function kindOf(input: unknown): string {
  if (input === null) return "nothing";
  if (Array.isArray(input)) return "a list";
  switch (typeof input) {
    case "object":
      return "a map";
    case "string":
      return input === "" ? "an empty text" : "a text";
    case "number":
      return Number.isNaN(input) ? "no number" : "a number";
    default:
      return "true or false";
  }
}

function reading<T>(
  shape: RegExp,
  read: (written: string) => T | null,
  message: string,
): Schema<T> {
  return v.pipe(
    v.string(({ input }) => `${message}, found ${kindOf(input)}`),
    v.regex(shape, message),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = read(dataset.value);
      if (value !== null) return value;
      addIssue({ message });
      return NEVER;
    }),
  );
}
