/** Writes the licences of all that the build contains, as they ask for; scripts/build.ts uses it. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";

const manifest = v.object({
  name: v.string(),
  version: v.string(),
  license: v.string(),
  author: v.optional(v.union([v.string(), v.looseObject({ name: v.string() })])),
});

/** Writes `THIRD-PARTY-NOTICES.txt` for the packages in these folders. */
export async function writeNotices(
  root: string,
  out: string,
  folders: readonly string[],
): Promise<void> {
  const notices = await Promise.all(folders.map((folder) => noticeOf(join(root, folder))));
  const rule = `\n${"-".repeat(80)}\n`;
  const head = "Sidestep contains the following packages, under their own licences.\n";
  await writeFile(join(out, "THIRD-PARTY-NOTICES.txt"), [head, ...notices].join(rule));
}

async function noticeOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, "package.json"), "utf8");
  const { name, version, license, author } = v.parse(manifest, JSON.parse(text));
  const by = typeof author === "object" ? author.name : author;
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const texts = await Promise.all(
    files
      .filter((file) => /^(?:licen[cs]e|notice)/i.test(file))
      .toSorted()
      .map((file) => readFile(join(folder, file), "utf8")),
  );
  // Some packages name their licence and hold no copy of it.
  const named = by === undefined ? license : `${license}, by ${by}`;
  return [`${name} ${version}: ${named}`, ...texts.map((each) => each.trim()), ""].join("\n\n");
}
