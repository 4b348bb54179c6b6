/** Draws the example sentences that the replay's policy gets: at most five an item, by seed. */

import { createHash } from "node:crypto";
import { isKnown, normalised } from "./row.ts";
import type { Row } from "./row.ts";

export interface Item {
  readonly name: string;
  readonly class: string;
  /** Whether the answer is each user's own: the policy knows the intent and answers it never. */
  readonly isOwn: boolean;
  readonly sentences: readonly string[];
}

const SENTENCES_PER_ITEM = 5;

/** Items in the order of their names; those without a sentence as written are left out. */
export function drawItems(rows: readonly Row[], seed: number): readonly Item[] {
  const texts = new Map<string, { class: string; isOwn: boolean; texts: Set<string> }>();
  for (const row of rows) {
    if (!isKnown(row) || row.kind !== "asis") continue;
    const isOwn = row.scope === "user";
    const item = texts.get(row.item) ?? { class: row.class, isOwn, texts: new Set() };
    item.texts.add(row.text);
    texts.set(row.item, item);
  }
  return [...texts]
    .toSorted(([a], [b]) => compare(a, b))
    .map(([name, item]) => ({
      name,
      class: item.class,
      isOwn: item.isOwn,
      sentences: draw([...item.texts], `${seed}/${name}`),
    }));
}

/** The texts whose calls the policy has seen word for word. */
export function seenTexts(items: readonly Item[]): ReadonlySet<string> {
  return new Set(items.flatMap(({ sentences }) => sentences.map(normalised)));
}

/** Ordered by a hash of seed and text, so that a draw depends on nothing else in the file. */
function draw(texts: readonly string[], seed: string): readonly string[] {
  return texts
    .map((text) => ({ text, order: createHash("sha256").update(`${seed}/${text}`).digest("hex") }))
    .toSorted((a, b) => compare(a.order, b.order))
    .slice(0, SENTENCES_PER_ITEM)
    .map(({ text }) => text);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
