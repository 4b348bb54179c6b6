/** The normalised texts that a model was trained on, as hashes with what each was trained for. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import { normalKeyOf } from "./sets.ts";

/** A head, or a stage that has texts of its own. */
export interface Use {
  readonly name: string;
  /** Whether it moves the encoder, and with it every head. */
  readonly encoder: boolean;
  readonly texts: number;
  /** Normalised hash -> label, or one digit a label; empty for a stage without. */
  readonly targets: ReadonlyMap<string, string>;
}

const headSchema = v.object({
  format: v.literal(1),
  bytes: v.number(),
  count: v.number(),
  generated: v.array(v.string()),
  uses: v.array(
    v.object({
      name: v.string(),
      encoder: v.boolean(),
      targets: v.array(v.string()),
      texts: v.number(),
    }),
  ),
});

/** The file's place in an artefact. */
const trainedFile = "evaluation/training-texts.gz";

/** Everything that the model was trained on. */
export class TrainedTexts {
  readonly uses: readonly Use[];
  /** Training rows that no set holds, since a template made them. */
  readonly generated: readonly string[];
  readonly #bytes: number;
  readonly #all: ReadonlySet<string>;

  constructor(folder: string) {
    const content = gunzipSync(readFileSync(join(folder, trainedFile)));
    const end = content.indexOf(10);
    const json: unknown = JSON.parse(content.subarray(0, end).toString("utf8"));
    const head = v.parse(headSchema, json);
    const { bytes, count } = head;
    const body = content.subarray(end + 1);
    const keys = Array.from({ length: count }, (_, at) => keyAt(body, at, head));
    this.uses = head.uses.map(({ name, encoder, texts, targets }, use) => {
      const low = body.subarray((bytes + 2 * use) * count);
      const entries = keys.flatMap((key, at): [string, string][] => {
        const number = (low[at] ?? 0) + 256 * (low[count + at] ?? 0);
        return number === 0 ? [] : [[key, targets[number - 1] ?? ""]];
      });
      return { name, encoder, texts, targets: new Map(entries) };
    });
    this.generated = head.generated;
    this.#bytes = bytes;
    this.#all = new Set(keys);
  }

  /** The hash by which a text is known here. */
  key(text: string): string {
    return normalKeyOf(text, this.#bytes);
  }

  has(key: string): boolean {
    return this.#all.has(key);
  }

  /** What a head's rows must not share a text with: its own training rows and all that moved the encoder. */
  reaching(head: string): readonly Use[] {
    return this.uses.filter(({ name, encoder }) => name === head || encoder);
  }
}

function keyAt(
  body: Buffer,
  at: number,
  { bytes, count }: { bytes: number; count: number },
): string {
  let key = "";
  for (let plane = 0; plane < bytes; plane += 1) {
    key += (body[plane * count + at] ?? 0).toString(16).padStart(2, "0");
  }
  return key;
}
