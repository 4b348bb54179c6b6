/** The admin listener's `/`: the page for browsers, and the list of paths, alone for those who ask for no HTML. */
import { adminPaths } from "./admin-paths.ts";
import { pageReply } from "./page-files.ts";
import { jsonReply, type SmallReply, type SmallRequest } from "./small-server.ts";

/** The page with a list of `paths` in it, or the list alone, as the request accepts it. */
export function indexReply(
  { accept }: Pick<SmallRequest, "accept">,
  paths: readonly string[],
  document: string | null,
): SmallReply {
  if (accept !== undefined && !/\btext\/html\b/i.test(accept)) {
    return jsonReply({ paths: adminPaths.filter(({ path }) => paths.includes(path)) });
  }
  const items = paths.filter((path) => path !== "/").map(itemOf);
  return pageReply(document ?? bare(), `<ul>${items.join("")}</ul>`);
}

function itemOf(path: string): string {
  const rows = adminPaths.filter((row) => row.path === path);
  const isRead = rows.some((row) => row.method === "GET");
  const name = isRead ? `<a href="${path}">${path}</a>` : `<code>${path}</code>`;
  return `<li>${name} ${escaped(rows.map((row) => row.gives).join(" "))}</li>`;
}

function bare(): string {
  const head = ['<meta charset="utf-8">', "<title>Sidestep</title>", "<h1>Sidestep</h1>"];
  return ["<!doctype html>", '<html lang="en">', ...head, "<!-- paths -->", "</html>", ""].join(
    "\n",
  );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
