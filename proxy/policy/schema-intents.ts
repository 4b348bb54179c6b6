/** The schema of intents: names with example sentences, for the policy as a whole and for one route's own labels. */
import * as v from "valibot";
import {
  dictionary,
  either,
  key,
  map,
  nameForm,
  oneOrMore,
  requiredKey,
  text,
  type Schema,
} from "./schema-values.ts";

/** An intent's sentences. */
export interface RawIntent {
  readonly examples: readonly string[];
  readonly not?: readonly string[] | undefined;
}

/** Names of routes, targets, intents and keyword groups. */
export const NAME: RegExp = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

/** What to say of a name that is not one. */
export const NAME_MESSAGE =
  "a name begins with a letter and goes on with at most 63 letters, digits, dots, hyphens or underscores";

/** A name as a key. */
export const ownName: v.GenericSchema<string, string> = nameForm(NAME, NAME_MESSAGE);

const sentences = oneOrMore(text(1000));

const intent: Schema<RawIntent> = either(
  v.pipe(
    sentences,
    v.transform((examples): RawIntent => ({ examples })),
  ),
  map({
    examples: requiredKey(
      sentences,
      "Sentences that mean it; five to ten in users' own words do well.",
    ),
    not: key(sentences, "Sentences that look alike and mean something else."),
  }),
  "a sentence, a list of sentences, or a map with `examples`",
);

/** Intents by name. */
export const intentMap: Schema<Record<string, RawIntent>> = dictionary(ownName, intent);
