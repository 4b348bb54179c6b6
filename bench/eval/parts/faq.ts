/** Part `faq`: the replay's FAQ and questions about places through the shipped index, on texts that the FAQ does not hold. */
import { join } from "node:path";
import { readCalibration, type Calibration } from "../../../proxy/inference/calibration.ts";
import { indexFaq } from "../../../proxy/inference/faq.ts";
import { isAnswerable, normalised, readRows, type Row } from "../../replay/row.ts";
import { drawItems, seenTexts, type Item } from "../../replay/sentences.ts";
import type { Context } from "../context.ts";
import type { PartResult } from "../result.ts";
import { inPercent, riskPicture, type Answer, type NamedAnswers } from "../risk.ts";
import { bounds, operatingTable } from "./intents.ts";

const seed = 1;

/** Runs the part. */
export async function faqPart(context: Context): Promise<PartResult> {
  const rows = readRows(join(context.data, "replay_dev.jsonl.gz"));
  const items = drawItems(rows, seed).filter(({ isOwn }) => !isOwn);
  const seen = seenTexts(items);
  const distinct = [...new Map(rows.map((row) => [row.text, row])).values()];
  const asked = context.some(distinct.filter(({ text }) => !seen.has(normalised(text))));
  await context.model.run(
    asked.map(({ text }) => text),
    "replay",
  );
  const calibration = await readCalibration(context.model.folder);
  const places = items.filter((item) => item.class === "faq_entity");
  const others = items.filter((item) => item.class !== "faq_entity");
  const groups = [
    { name: "support FAQ", answers: await answersOf(context, others, asked, calibration) },
    { name: "places", answers: await answersOf(context, places, asked, calibration) },
  ];
  const possible = groups.map((group, at) => onlyMeant(group, asked, at === 1));
  const table = operatingTable("faq", "FAQ, distinct unseen texts of the open replay", groups);
  return {
    tables: [
      table,
      operatingTable("faq-meant", "The same, only texts that one of the entries means", possible),
    ],
    pictures: [
      {
        file: "risk-faq.svg",
        picture: riskPicture("FAQ, unseen texts of the open replay that an entry means", possible, {
          bounds,
          nameOf: inPercent,
        }),
      },
    ],
  };
}

async function answersOf(
  { model }: Context,
  items: readonly Item[],
  asked: readonly Row[],
  calibration: Calibration | null,
): Promise<readonly Answer[]> {
  const entries = items.map(({ name, sentences }) => ({
    id: name,
    questions: sentences,
    answer: name,
    language: "en",
  }));
  process.stderr.write(`asks ${asked.length} texts of ${entries.length} entries\n`);
  const index = await indexFaq({ file: "faq.yaml", entries }, model.embed, calibration);
  return asked.map((row): Answer => {
    const match = index.match(row.text, model.of(row.text).embedding, 1);
    if (match.kind === "none") return { doubt: Infinity, isRight: false };
    return { doubt: match.wrong, isRight: row.scope === "global" && match.answer === row.item };
  });
}

function onlyMeant(
  { name, answers }: NamedAnswers,
  asked: readonly Row[],
  isPlaces: boolean,
): NamedAnswers {
  const isMeant = (row: Row | undefined): boolean =>
    row !== undefined && isAnswerable(row) && (row.class === "faq_entity") === isPlaces;
  return { name, answers: answers.filter((_, at) => isMeant(asked[at])) };
}
