/** The admin listener's first page: what there is, in plain HTML. */
import type { SmallReply } from "./small-server.ts";

const says: Readonly<Record<string, string>> = {
  "/livez": "the process runs",
  "/readyz": "calls are served",
  "/metrics": "numbers for Prometheus",
  "/policy": "the policy in force, and the problems of the last attempt to load one",
  "/decisions": "the last calls: what was decided and why (?limit=, ?id=)",
  "/explain": 'POST {"text": "..."} or a request body: what would be decided',
  "/targets": "providers and targets with their breakers",
  "/mode": 'POST {"mode": "observe"} stops answering at once, "enforce" goes on',
};

/** A page that lists `paths`. */
export function indexPage(paths: readonly string[]): SmallReply {
  const items = paths
    .filter((path) => path !== "/")
    .map((path) => `<li><a href="${path}">${path}</a> ${escaped(says[path] ?? "")}</li>`);
  const body = [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    "<title>Sidestep</title>",
    "<h1>Sidestep</h1>",
    `<ul>${items.join("")}</ul>`,
    "</html>\n",
  ].join("\n");
  return { status: 200, contentType: "text/html; charset=utf-8", body };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
