/** Judges how a row was served: exact, since every answer names the item, and the user it was made for. */

import type { Answer } from "../../examples/simulated-cloud/answer-book.ts";
import type { Row } from "./row.ts";
import type { Served } from "./traffic.ts";

/** `from` is where the answer came from. */
export interface Verdict {
  readonly from: "local" | "cache" | "cloud" | "failed";
  /** Answered without the cloud, and not the row's own answer or not allowed at all. */
  readonly wrong: boolean;
  /** A user's own answer that another user got. */
  readonly leaked: boolean;
  /** The cloud's answer came back, but not the one it gave for this row: the replay's own fault. */
  readonly mixedUp: boolean;
}

const SEPARATOR = " for user ";

/** What the cloud is told to answer: the item, and whose answer it is. */
export function cloudAnswers(rows: readonly Row[]): readonly Answer[] {
  return rows.map((row) => ({
    text: row.text,
    user: String(row.user),
    answer: `${row.item}${SEPARATOR}${row.user}`,
  }));
}

/** Tells what each item's answer is allowed to be. */
export interface Catalogue {
  /** The items of a text of one user; nearly always one. */
  readonly itemsOf: (row: Row) => ReadonlySet<string>;
  readonly isPrivate: (item: string) => boolean;
}

export function catalogueOf(rows: readonly Row[]): Catalogue {
  const items = new Map<string, Set<string>>();
  const personal = new Set<string>();
  for (const row of rows) {
    const key = keyOf(row);
    items.set(key, (items.get(key) ?? new Set()).add(row.item));
    if (row.scope === "user") personal.add(row.item);
  }
  return {
    itemsOf: (row) => items.get(keyOf(row)) ?? new Set(),
    isPrivate: (item) => personal.has(item),
  };
}

export function judge(row: Row, served: Served, catalogue: Catalogue): Verdict {
  const from = sourceOf(served);
  const [item = "", user] = served.answer.split(SEPARATOR);
  const isRight = catalogue.itemsOf(row).has(item);
  const answered = from === "local" || from === "cache";
  const strange = user !== undefined && user !== String(row.user);
  return {
    from,
    wrong: answered && (row.scope === "none" || !isRight),
    leaked: strange && catalogue.isPrivate(item),
    mixedUp: from === "cloud" && (strange || !isRight),
  };
}

function sourceOf(served: Served): Verdict["from"] {
  switch (served.decision) {
    case "local":
      return "local";
    case "cache":
    case "stale":
      return "cache";
    case "forwarded":
      return "cloud";
    default:
      return "failed";
  }
}

function keyOf(row: Row): string {
  return `${row.user}\u0000${row.text}`;
}
