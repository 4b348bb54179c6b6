/** Part `difficulty`: heads whose rows have categories, each category and source on its own, against TF-IDF, length and base encoder. */
import { calibrationPicture } from "../calibration-picture.ts";
import type { Context } from "../context.ts";
import { withInterval } from "../metrics.ts";
import {
  count,
  shareBetween,
  type Drawn,
  type PartResult,
  type Table,
  type TableRow,
} from "../result.ts";
import { headBins, labelAuroc, picked, pickedScores } from "../scored.ts";
import { scoresOf, type HeadScores } from "./heads.ts";

const name = "difficulty";

/** Runs the part; empty for a model without such a head. */
export async function difficultyPart(context: Context): Promise<PartResult> {
  const head = context.rows.heads.find((one) => one.name === name);
  if (head === undefined) return { tables: [], pictures: [] };
  const scored = await scoresOf(context, head);
  return {
    tables: head.labels.map((label, at) => labelTable(scored, label, at)),
    pictures: [reliabilityPicture(scored)],
  };
}

/** Source and category of each row. */
function groupsOf({ head }: HeadScores): ReadonlyMap<string, readonly number[]> {
  const places = head.rows.map((row, at) => ({ at, row }));
  const groups = Map.groupBy(places, ({ row }) =>
    row.group === "" ? row.source : `${row.source}: ${row.group}`,
  );
  return new Map(
    [...groups]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, own]) => [group, own.map(({ at }) => at)]),
  );
}

function labelTable(scored: HeadScores, label: string, at: number): Table {
  const groups = groupsOf(scored);
  const all = scored.head.rows.map((_, place) => place);
  return {
    name: `difficulty-${label}`,
    title: `Difficulty, \`${label}\`: AUROC by source and category`,
    columns: ["source: category", "rows", "this model", "TF-IDF", "base encoder", "length"],
    rows: [
      groupRow(scored, "all", all, at),
      ...[...groups].map(([group, places]) => groupRow(scored, group, places, at)),
    ],
    note: "Report rows only; whether their category was left out of training is the pipeline's choice and stands in its record.",
  };
}

function groupRow(
  scored: HeadScores,
  group: string,
  places: readonly number[],
  at: number,
): TableRow {
  const task = picked(scored.task, places);
  const cells = [scored.model, scored.tfIdf, scored.base, scored.length].map((scores) =>
    shareBetween(withInterval(labelAuroc(task, pickedScores(scores, places), at), places.length)),
  );
  return { name: group, cells: [count(places.length), ...cells] };
}

function reliabilityPicture({ head, task, model }: HeadScores): Drawn {
  const groups = headBins(task, model).map((bins, at) => ({ name: head.labels[at] ?? "", bins }));
  return calibrationPicture(
    {
      file: "difficulty.svg",
      title: "Difficulty: stated probability against share",
      y: "share of rows with the label",
    },
    groups,
  );
}
