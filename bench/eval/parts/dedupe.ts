/** Part `dedupe`: no evaluation split shares a normalised text with the training, nor a head's report rows with what has reached that head. */
import type { Context } from "../context.ts";
import { count, type PartResult, type TableRow } from "../result.ts";
import { evaluationTexts } from "../sets.ts";
import type { TrainedTexts } from "../trained.ts";

/** One split held against the training. */
export interface Overlap {
  readonly split: string;
  readonly texts: number;
  /** Normalised texts that both have. */
  readonly shared: readonly string[];
}

/** Runs the part. */
export function dedupePart(context: Context): PartResult {
  const splits = [...evaluationTexts(context.data)].map(([split, texts]) =>
    overlapWithAll(context.trained, split, texts),
  );
  const heads = context.rows.heads.map(({ name, rows }) =>
    overlapWithHead(
      context.trained,
      name,
      rows.map(({ text }) => text),
    ),
  );
  return {
    tables: [
      {
        name: "dedupe",
        title: "Texts shared with the training, by hash of the normalised text",
        columns: ["split", "distinct texts", "shared"],
        rows: [...splits, ...heads].map(rowOf),
        note: "Evaluation splits against everything that any stage trained on; report rows against their head's own training rows and all that moved the encoder.",
      },
    ],
    pictures: [],
  };
}

/** Against everything that was trained on. */
export function overlapWithAll(
  trained: TrainedTexts,
  split: string,
  texts: readonly string[],
): Overlap {
  return overlap(trained, split, texts, (key) => trained.has(key));
}

/** Against what has reached a head. */
export function overlapWithHead(
  trained: TrainedTexts,
  head: string,
  texts: readonly string[],
): Overlap {
  const uses = trained.reaching(head);
  const isUsed = (key: string): boolean => uses.some(({ targets }) => targets.has(key));
  return overlap(trained, `report rows of ${head}`, texts, isUsed);
}

function overlap(
  trained: TrainedTexts,
  split: string,
  texts: readonly string[],
  isUsed: (key: string) => boolean,
): Overlap {
  const byKey = new Map(texts.map((text) => [trained.key(text), text]));
  // A text of marks alone is nothing: many are the same and none was trained on.
  byKey.delete(trained.key(""));
  const shared = [...byKey].filter(([key]) => isUsed(key)).map(([, text]) => text);
  return { split, texts: byKey.size, shared };
}

function rowOf({ split, texts, shared }: Overlap): TableRow {
  return { name: split, cells: [count(texts), count(shared.length)] };
}
