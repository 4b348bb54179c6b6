/** Reads FAQ files: questions with their variants and the answer; load.ts calls it for each one that a route names. */
import * as v from "valibot";
import type { Faq, FaqEntry } from "../core/policy.ts";
import { parseTree, type ParseOptions } from "./parse.ts";
import { frozen } from "./freeze.ts";
import {
  either,
  form,
  key,
  list,
  map,
  oneOrMore,
  requiredKey,
  text,
  type Schema,
} from "./schema-values.ts";
import { locate } from "./tree.ts";
import { validate } from "./validate.ts";

/** One entry as written. */
export interface RawFaqEntry {
  readonly id?: string | undefined;
  readonly q?: readonly string[] | undefined;
  readonly question?: readonly string[] | undefined;
  readonly questions?: readonly string[] | undefined;
  readonly variants?: readonly string[] | undefined;
  readonly answer: string;
  readonly language?: string | undefined;
}

/** A FAQ file as written. */
export interface RawFaq {
  readonly language?: string | undefined;
  readonly entries: readonly RawFaqEntry[];
}

const language = v.pipe(
  form(/^[A-Za-z]{2,3}$/, 'expected a language\'s two or three letters, such as "en"'),
  v.transform((tag) => tag.toLowerCase()),
);

const questions = oneOrMore(text(1000));

const entry: Schema<RawFaqEntry> = map({
  id: key(
    form(
      /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
      "an id is letters, digits, dots, colons, hyphens and underscores",
    ),
    "A name for this entry in decisions; default its place in the file.",
  ),
  q: key(questions, "The question, or a list of ways to ask it."),
  question: key(questions, "The same as `q`."),
  questions: key(questions, "The same as `q`."),
  variants: key(questions, "Further ways to ask it."),
  answer: requiredKey(text(), "The answer, as it is given."),
  language: key(language, "The answer's language; default the file's."),
});

const entries: Schema<readonly RawFaqEntry[]> = list(entry);

/** A FAQ file: a list of entries, or a map with `entries`. */
export const faqSchema: Schema<RawFaq> = either(
  v.pipe(
    entries,
    v.transform((all): RawFaq => ({ entries: all })),
  ),
  map({
    language: key(language, "The language of entries that name none; default en."),
    entries: requiredKey(entries, "The questions and answers."),
  }),
  "a list of entries, or a map with `entries`",
);

/** The file's entries; null when there is a problem, which `options.problems` then holds. */
export function readFaq(name: string, source: string, options: ParseOptions): Faq | null {
  const { file, problems } = options;
  const tree = parseTree(source, options);
  if (tree === null) {
    problems.add({ file, line: 1, column: 1 }, "this FAQ holds no entries");
    return null;
  }
  const valid = validate(faqSchema, tree, problems);
  if (valid === null) return null;
  const above = valid.tree.kind === "list" ? [] : ["entries"];
  const seen = new Set<string>();
  const read = valid.value.entries.map((raw, at): FaqEntry => {
    const here = [...above, at];
    const id = raw.id ?? String(at + 1);
    if (seen.has(id))
      problems.add(locate(valid.tree, [...here, "id"]), `the id \`${id}\` is taken`);
    seen.add(id);
    const asked = [raw.q, raw.question, raw.questions, raw.variants].flatMap((one) => one ?? []);
    if (asked.length === 0)
      problems.add(locate(valid.tree, here), "this entry asks no question (`questions`)");
    const spoken = raw.language ?? valid.value.language ?? "en";
    return { id, questions: asked, answer: raw.answer, language: spoken };
  });
  return frozen({ file: name, entries: read });
}
