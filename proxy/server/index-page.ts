/** The admin listener's first page: the page itself, or a plain list of paths where its files are not there. */
import { adminPaths } from "./admin-paths.ts";
import { pageReply } from "./page-files.ts";
import type { SmallReply } from "./small-server.ts";

/** The page with a list of `paths` in it. */
export function indexPage(paths: readonly string[], document: string | null): SmallReply {
  const items = paths.filter((path) => path !== "/").map(itemOf);
  const list = `<ul>${items.join("")}</ul>`;
  return pageReply(document ?? bare(), list);
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
