/** Writes a run's results: figures as JSON, tables as Markdown, pictures as SVG. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pictureSvg } from "../plot/picture.ts";
import { markdown, type Report } from "./report.ts";

/** Writes into `folder`, every file's name beginning with the day; returns the Markdown's path. */
export function writeResults(report: Report, folder: string): string {
  const { date } = report.machine;
  mkdirSync(folder, { recursive: true });
  const parts = report.parts.map(({ name, about, result: { tables, targets } }) => ({
    name,
    about,
    tables,
    targets,
  }));
  writeFileSync(join(folder, `${date}.json`), `${JSON.stringify({ ...report, parts }, null, 1)}\n`);
  for (const { name, picture } of report.parts.flatMap(({ result }) => result.pictures)) {
    writeFileSync(join(folder, `${date}-${name}.svg`), pictureSvg(picture));
  }
  const file = join(folder, `${date}.md`);
  writeFileSync(
    file,
    markdown(report, (picture) => `${date}-${picture}.svg`),
  );
  return file;
}
