/** The words that a model's tokenizer knows whole: a dictionary that tells a rare word from a typo; calibration.ts reads it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { Manifest } from "./manifest.ts";

/** Only the keys of the vocabulary count, so that its thousands of numbers need no check. */
const tokenizerSchema = v.object({
  model: v.object({
    vocab: v.custom<object>((value) => typeof value === "object" && value !== null),
  }),
});

/** Lower-case words of four letters or more; none where the tokenizer has another form. */
export async function readDictionary(
  folder: string,
  { tokenizer }: Pick<Manifest, "tokenizer">,
): Promise<ReadonlySet<string>> {
  const json: unknown = JSON.parse(await readFile(join(folder, tokenizer.file), "utf8"));
  const parsed = v.safeParse(tokenizerSchema, json);
  if (!parsed.success) return new Set();
  return new Set(Object.keys(parsed.output.model.vocab).filter((word) => /^[a-z]{4,}$/.test(word)));
}
