/** The schema of routes: what they answer, forward or refuse, and what they may cache. */
import * as v from "valibot";
import type { Bound, CacheRule, Mode } from "../core/policy.ts";
import { intentMap, NAME, NAME_MESSAGE, type RawIntent } from "./schema-intents.ts";
import { conditions, leastProbability, type RawWhen } from "./schema-conditions.ts";
import {
  dictionary,
  duration,
  either,
  flag,
  form,
  key,
  map,
  nameForm,
  oneOrMore,
  pattern,
  percent,
  requiredKey,
  scalarText,
  size,
  text,
  whole,
  word,
  type Schema,
} from "./schema-values.ts";
import { LABEL_HEADS } from "./vocabulary.ts";

/** A cache rule as written. */
export interface RawCache {
  readonly mode?: CacheRule["mode"] | undefined;
  readonly scope?: CacheRule["scope"] | undefined;
  readonly identity?: CacheRule["identity"] | undefined;
  readonly ttl?: number | undefined;
  readonly tools?: boolean | undefined;
}

/** The policy's own cache rule, with the store's bounds. */
export interface RawStore extends RawCache {
  readonly max_entries?: number | undefined;
  readonly max_bytes?: number | undefined;
}

/** A generated answer as written. */
export interface RawGenerate {
  readonly model: string;
  readonly prompt?: string | undefined;
  readonly max_tokens?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly timeout?: number | undefined;
}

/** An answer as written; exactly one of template, faq, label and generate is meant to be there. */
export interface RawAnswer {
  readonly template?: string | Readonly<Record<string, string>> | undefined;
  readonly slots?: Readonly<Record<string, RegExp>> | undefined;
  readonly faq?: string | undefined;
  readonly max_wrong?: number | undefined;
  readonly label?: string | Readonly<Record<string, RawIntent>> | undefined;
  readonly among?: readonly string[] | undefined;
  readonly confidence?: Bound | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly format?: string | undefined;
  readonly after?: string | undefined;
  readonly generate?: RawGenerate | undefined;
}

/** A route as written; exactly one of answer, forward and refuse is meant to be there. */
export interface RawRoute {
  readonly name: string;
  readonly when?: RawWhen | undefined;
  readonly mode?: Mode | undefined;
  readonly answer?: RawAnswer | undefined;
  readonly forward?: { readonly target?: string | undefined } | undefined;
  readonly refuse?:
    | { readonly status?: number | undefined; readonly message?: string | undefined }
    | undefined;
  readonly cache?: RawCache | undefined;
  readonly verify?: RawVerify | undefined;
}

/** How answers are compared, as written. */
export interface RawVerify {
  readonly sample?: number | undefined;
  readonly max_wrong?: number | undefined;
}

/** Whether decisions are carried out. */
export const mode: Schema<Mode> = word(["enforce", "observe"]);

const identity = v.pipe(
  form(
    /^(?:protocol|body\.user|body\.metadata\.user_id|header [A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*)$/,
    "expected `protocol`, `body.user`, `body.metadata.user_id` or `header NAME`",
  ),
  v.transform(identityOf),
);

const cacheEntries = {
  mode: key(word(["off", "exact"]), "`exact` keeps replies for identical calls."),
  scope: key(
    word(["user", "global"]),
    "Whether a reply serves only the user it was made for, or everybody.",
  ),
  identity: key(identity, "Where a call names its user."),
  ttl: key(duration(1, "30d"), "How long a kept reply is fresh."),
  tools: key(flag, "Whether calls that offer tools may be kept."),
};

const cacheWord = v.pipe(
  word(["off", "exact"]),
  v.transform((kind): RawStore => ({ mode: kind })),
);

const cacheWhat = "`off`, `exact` or a map";

/** A route's cache rule; what it leaves out is taken from the policy's. */
const routeCache: Schema<RawCache> = either(cacheWord, map(cacheEntries), cacheWhat);

/** The policy's cache rule. */
export const cache: Schema<RawStore> = either(
  cacheWord,
  map({
    ...cacheEntries,
    max_entries: key(whole(1, 1_000_000), "Most replies in the store."),
    max_bytes: key(size(1024, "8GiB"), "Most bytes in the store."),
  }),
  cacheWhat,
);

const language = nameForm(
  /^(?:\*|[a-z]{2,3})$/,
  'expected a language\'s two or three letters, such as "en", or "*" for every language',
);

const slotName = nameForm(
  /^[a-z][a-z0-9_]{0,31}$/,
  "a slot's name is lower-case letters, digits and _",
);

// A line break alone is the usual one.
const stopText = form(/^[\s\S]{1,200}$/, "expected a text of 1 to 200 characters");

const generate: Schema<RawGenerate> = either(
  v.pipe(
    text(1000),
    v.transform((model) => ({ model })),
  ),
  map({
    model: requiredKey(
      text(1000),
      "A text-generation model: a directory relative to this file, or a hub id in a local folder.",
    ),
    prompt: key(
      text(),
      "What the model reads, `{text}` being the user's last turn; without it the conversation in the model's chat template.",
    ),
    max_tokens: key(
      whole(1, 4096),
      "Longest answer; one that is longer is not given. Default 256.",
    ),
    stop: key(oneOrMore(stopText), "Texts that end the answer and are not part of it."),
    timeout: key(
      duration(1, "5m"),
      "Longest wait for the answer, after which the call is forwarded; default 5s.",
    ),
  }),
  "a model's name, or a map",
);

const answer: Schema<RawAnswer> = map({
  template: key(
    either(text(), dictionary(language, text()), "a text, or a map of language tags and texts"),
    "The reply: one text for every language, or one for each. `{name}` is a slot.",
  ),
  slots: key(
    dictionary(slotName, pattern),
    "For each slot of a template a regular expression; its first group (or the match) in the user's last turn fills it.",
  ),
  faq: key(text(1000), "A file of questions and answers, relative to this file."),
  max_wrong: key(
    percent,
    "For a FAQ or a label: largest share of wrong answers; for a FAQ instead of the route's.",
  ),
  label: key(
    either(word(LABEL_HEADS), intentMap, "a kind of label, or a map of labels and examples"),
    "Answers a classification call with the model's label of this kind, or with one of your own labels, given by examples as intents are.",
  ),
  among: key(
    oneOrMore(text(200)),
    "The labels that may be given, of those the kind has; default all.",
  ),
  confidence: key(
    leastProbability,
    "For a label or a FAQ: least confidence. A number alone means at least. A label's default is >= 0.90.",
  ),
  labels: key(
    dictionary(nameForm(NAME, NAME_MESSAGE), scalarText),
    "The application's word for each of the model's labels; without it they are read off its prompt.",
  ),
  format: key(
    text(),
    "The reply around the label, with `{label}` in it; without it it is read off the prompt or the response format.",
  ),
  generate: key(generate, "Answers with a text that a small model of your own writes."),
  after: key(text(200), "The text after which the classified part of the user's turn begins."),
});

const forward = either(
  map({
    target: key(
      text(200),
      "A target of the policy; without it the caller's own provider and model.",
    ),
  }),
  v.pipe(
    v.null(),
    v.transform(() => ({})),
  ),
  "a map, or nothing",
);

/** How answers are held against the cloud's, for all routes or one. */
export const verify: Schema<RawVerify> = either(
  v.pipe(
    percent,
    v.transform((sample): RawVerify => ({ sample })),
  ),
  map({
    sample: key(
      percent,
      "Share of the answers that is left to the cloud instead and compared with its answer.",
    ),
    max_wrong: key(
      percent,
      "Share wrong above which a route only observes; default the route's own max_wrong, else 2%.",
    ),
  }),
  "a percent, or a map of `sample` and `max_wrong`",
);

/** One rule; the first that matches decides. */
export const route: Schema<RawRoute> = map({
  name: requiredKey(form(NAME, NAME_MESSAGE), "The route's name, as decisions report it."),
  when: key(conditions, "Conditions that must all hold; without them every call matches."),
  mode: key(mode, "`observe` only records what this route would have done."),
  answer: key(answer, "Answers in the pod: by `template`, `faq`, `label` or `generate`."),
  forward: key(forward, "Sends the call on, to `target` or as the caller meant it."),
  refuse: key(
    map({
      status: key(whole(400, 599), "The reply's status; default 403."),
      message: key(text(1000), "What the caller reads."),
    }),
    "Refuses the call with an error of the caller's own protocol.",
  ),
  cache: key(routeCache, "The cache rule for calls that this route takes."),
  verify: key(verify, "How this route's answers are held against the cloud's."),
});

function identityOf(written: string): CacheRule["identity"] {
  switch (written) {
    case "protocol":
    case "body.user":
    case "body.metadata.user_id":
      return { kind: written };
    default:
      return { kind: "header", name: written.slice("header ".length).toLowerCase() };
  }
}
