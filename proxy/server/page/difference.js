/** What changed in the policy's files, line by line. */
import { h } from "./dom.js";
import { several, whole } from "./format.js";

/** @typedef {import("../text-diff.ts").FileDiff} FileDiff */

/** @param {readonly FileDiff[]} files @param {string} same What to say when nothing changed. */
export function differences(files, same) {
  if (files.length === 0) return h("p", { class: "hint" }, same);
  return h("div", {}, files.map(difference));
}

/** "+1 −2" in words that can be read out. @param {readonly FileDiff[]} files */
export function sizeOf(files) {
  const added = files.reduce((total, file) => total + file.added, 0);
  const removed = files.reduce((total, file) => total + file.removed, 0);
  return `${several(added, "line")} added, ${whole(removed)} removed`;
}

/** @param {FileDiff} file */
function difference({ path, hunks, isCut }) {
  return h(
    "div",
    { class: "diff" },
    h("p", { class: "path" }, path),
    hunks.map(hunk),
    isCut && h("p", { class: "hint" }, "There is more than can be shown."),
  );
}

/** @param {FileDiff["hunks"][number]} given */
function hunk({ newStart, lines }) {
  return h(
    "div",
    { class: "hunk", tabindex: "0", role: "group", "aria-label": `Changes from line ${newStart}` },
    lines.map((line) => h("div", { class: lookOf(line) }, h("code", {}, line))),
  );
}

/** @param {string} line */
function lookOf(line) {
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "kept";
}
