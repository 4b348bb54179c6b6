/** The schema of a route's `when`, which is also the form of the deny list's items. */
import * as v from "valibot";
import type { Bound, SystemRule } from "../core/policy.ts";
import type { Protocol } from "../core/request.ts";
import {
  bound,
  dictionary,
  either,
  flag,
  form,
  key,
  list,
  map,
  nameForm,
  oneOrMore,
  pattern,
  percent,
  scalarText,
  text,
  word,
  type Schema,
} from "./schema-values.ts";
import { PROTOCOLS, SENTIMENTS, TASKS } from "./vocabulary.ts";

/** A `when`, read: single values have become lists, comparisons are bounds. */
export interface RawWhen {
  readonly task?: readonly string[] | undefined;
  readonly intent?: readonly string[] | undefined;
  readonly sentiment?: readonly string[] | undefined;
  readonly language?: readonly string[] | undefined;
  readonly keywords?: readonly string[] | undefined;
  readonly text?: readonly RegExp[] | undefined;
  readonly model?: readonly string[] | undefined;
  readonly protocol?: readonly Protocol[] | undefined;
  readonly stream?: boolean | undefined;
  readonly tools?: boolean | undefined;
  readonly outage?: boolean | undefined;
  readonly caller?: readonly string[] | undefined;
  readonly confidence?: Bound | undefined;
  readonly complexity?: Bound | undefined;
  readonly in_scope?: Bound | undefined;
  readonly injection?: Bound | undefined;
  readonly difficulty?: Bound | undefined;
  readonly turns?: Bound | undefined;
  readonly length?: Bound | undefined;
  readonly max_wrong?: number | undefined;
  readonly system?: readonly SystemRule[] | undefined;
  readonly header?: Readonly<Record<string, string>> | undefined;
  readonly any?: readonly RawWhen[] | undefined;
  readonly all?: readonly RawWhen[] | undefined;
  readonly not?: RawWhen | undefined;
}

/** What to say of a bound from above where only one from below makes sense. */
export const LEAST_MESSAGE = 'a least confidence is written ">= 0.90" or "> 0.90"';

/** Whether a bound says how sure at least. */
export function isLeast({ op }: Bound): boolean {
  return op === ">=" || op === ">";
}

/** A comparison of a probability; a number alone means "at least". */
const probabilityBound: Schema<Bound> = bound({ least: 0, most: 1, bare: ">=" });

/** The same where only "at least" and "more than" make sense. */
export const leastProbability: Schema<Bound> = v.pipe(
  probabilityBound,
  v.check(isLeast, LEAST_MESSAGE),
);

/** A comparison where a number alone could mean either way. */
const scoreBound = bound({ least: 0, most: 1, bare: null });

const systemWord = v.pipe(
  word(["any", "none"]),
  v.transform((kind): SystemRule => ({ kind })),
);

const systemMap = v.pipe(
  map({
    contains: key(text(), "Text that the system prompt contains, letter for letter."),
    sha256: key(
      form(/^[0-9a-fA-F]{64}$/, "expected 64 hexadecimal digits"),
      "SHA-256 of the whole system prompt, in hexadecimal.",
    ),
  }),
  v.rawTransform<{ contains?: string | undefined; sha256?: string | undefined }, SystemRule>(
    ({ dataset, addIssue, NEVER }) => {
      const { contains, sha256 } = dataset.value;
      if (contains !== undefined && sha256 === undefined)
        return { kind: "contains", text: contains };
      if (sha256 !== undefined && contains === undefined) {
        return { kind: "sha256", hex: sha256.toLowerCase() };
      }
      addIssue({ message: "expected exactly one of `contains` and `sha256`" });
      return NEVER;
    },
  ),
);

const systemRule: Schema<SystemRule> = either(
  systemWord,
  systemMap,
  "`any`, `none`, or a map with `contains` or `sha256`",
);

const languageTag = v.pipe(
  form(/^[A-Za-z]{2,3}$/, 'expected a language\'s two or three letters, such as "en"'),
  v.transform((tag) => tag.toLowerCase()),
);

const headerName = nameForm(
  /^[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*$/,
  "this is not the name of a header",
);

const reference = text(200);

/** The conditions of a route by reference, so that the JSON Schema has them once. */
export const conditions: Schema<RawWhen> = v.lazy(() => when);

/** The conditions of a route; all that are given must hold. */
export const when: Schema<RawWhen> = map({
  task: key(
    oneOrMore(word(TASKS)),
    "What the user wants, as the model classifies it: one of these.",
  ),
  intent: key(oneOrMore(reference), "One of the policy's own intents."),
  sentiment: key(oneOrMore(word(SENTIMENTS)), "The user's sentiment, as the model classifies it."),
  language: key(oneOrMore(languageTag), "The language of the user's last turn (`en`, `ja`)."),
  keywords: key(
    oneOrMore(reference),
    "Keyword groups of `complexity.keywords`; a word of at least one stands in the last turn.",
  ),
  text: key(
    oneOrMore(pattern),
    "A regular expression (without case, linear-time subset) that the user's last turn matches.",
  ),
  model: key(oneOrMore(text(200)), "The model's name as the caller wrote it."),
  protocol: key(oneOrMore(word(PROTOCOLS)), "The protocol of the call."),
  stream: key(flag, "Whether the caller asked for a stream."),
  tools: key(flag, "Whether the call or its history involves tools."),
  outage: key(flag, "Whether the call's provider is down now; needs `outage.answer`."),
  caller: key(
    oneOrMore(reference),
    "Who calls, of those that `callers` names. A name that it does not have is no mistake, so that a key can be taken away while routes still name its owner.",
  ),
  confidence: key(
    probabilityBound,
    "The model's calibrated confidence in the intent, sentiment or task that the route names. A number alone means at least.",
  ),
  complexity: key(scoreBound, "The weighted sum of the complexity signals, from 0 to 1."),
  in_scope: key(
    probabilityBound,
    "Probability that the text belongs to the support domain at all. A number alone means at least.",
  ),
  injection: key(scoreBound, "Probability that the text attacks instructions."),
  difficulty: key(
    scoreBound,
    "Learned probability that a small model would answer wrongly; 1 with a model that has no such head.",
  ),
  turns: key(
    bound({ least: 0, most: 10_000, bare: "=", isWhole: true }),
    "Number of user turns. A number alone means exactly. Without it an answering route takes first turns only.",
  ),
  length: key(
    bound({ least: 0, most: 100_000_000, bare: null, isWhole: true }),
    "Characters of the user's last turn.",
  ),
  max_wrong: key(
    percent,
    "Largest share of wrong answers to accept; the threshold for the named intent or task (or the FAQ) follows from it.",
  ),
  system: key(
    oneOrMore(systemRule),
    "Which system prompts the call may have. Without it an answering route takes only calls that have none.",
  ),
  header: key(
    dictionary(headerName, scalarText),
    "Request headers by name, and their values (without case); `*` means present.",
  ),
  any: key(list(conditions), "At least one of these holds."),
  all: key(list(conditions), "All of these hold."),
  not: key(conditions, "This does not hold."),
});
