/** The policy's files with colours, a check of an edited copy that changes nothing, and what the last loads changed. */
import { getJson, postJson } from "./api.js";
import { faultPart } from "./ask.js";
import { stateBadge } from "./decisions.js";
import { differences, sizeOf } from "./difference.js";
import { facts, h, section, swap } from "./dom.js";
import { moment, several } from "./format.js";
import { highlighted } from "./highlight.js";
import { kept } from "./loading.js";

/** @typedef {import("../page-data.ts").PolicyPage} PolicyPage */
/** @typedef {import("../page-data.ts").SourcePage} SourcePage */
/** @typedef {import("../page-data.ts").CheckPage} CheckPage */
/** @typedef {import("../policy-history.ts").ShownText} ShownText */

/** @type {import("./router.js").View} */
export function showPolicy(root) {
  const now = h("div", {});
  const files = h("div", {});
  const loads = h("div", {});
  root.append(h("h1", {}, "Policy"), now, section("Files", files), section("Last loads", loads));
  const keepers = [
    kept(now, { load: (signal) => getJson("/policy", signal), show: stateParts, everyMs: 3000 }),
    kept(files, {
      load: async (signal) => (await getJson("/policy/source", signal)).files,
      show: (texts) => texts.map(filePart),
      everyMs: 5000,
    }),
    kept(loads, {
      load: async (signal) => (await getJson("/policy/source", signal)).loads,
      show: loadList,
      everyMs: 5000,
    }),
  ];
  return { stop: () => keepers.forEach((keeper) => keeper.stop()) };
}

/** @param {PolicyPage} page */
function stateParts(page) {
  const problems = page.problems.map((problem) => h("li", {}, h("code", {}, problem)));
  return [
    problems.length > 0 &&
      h(
        "div",
        { class: "trouble", role: "alert" },
        h(
          "p",
          {},
          "What the files say now is not in force; the last good policy is. Mend these, and it is taken up within a second:",
        ),
        h("ul", {}, problems),
      ),
    facts([
      ["In force", h("code", {}, page.revision)],
      ["Since", moment(page.loadedAt)],
      [
        "Mode",
        page.isStopped
          ? `observe (stopped by an operator; the policy says ${page.mode})`
          : page.mode,
      ],
      [
        "Routes",
        page.routes.length === 0
          ? "none: every call is forwarded"
          : `${page.routes.length}: ${page.routes.join(", ")}`,
      ],
      [
        "Intents",
        page.intents.length === 0 ? "none" : `${page.intents.length}: ${page.intents.join(", ")}`,
      ],
    ]),
  ];
}

/** @param {ShownText} file @param {number} at */
function filePart({ path, text }, at) {
  if (text === null) return h("p", { class: "hint" }, `${path} is too long to be shown.`);
  const body = h("div", {});
  const fold = h("details", { id: `file-${at}`, open: at === 0 }, h("summary", {}, path), body);
  showText(body, path, text);
  return fold;
}

/** @param {Element} body @param {string} path @param {string} text */
function showText(body, path, text) {
  const edit = h(
    "button",
    { type: "button", click: () => showEditor(body, path, text) },
    "Edit a copy",
  );
  swap(
    body,
    h(
      "p",
      {},
      edit,
      h("span", { class: "hint" }, " to check a change; nothing is saved from here"),
    ),
    h(
      "div",
      { class: "scroll tall", tabindex: "0", role: "region", "aria-label": path },
      highlighted(text),
    ),
  );
}

/** @param {Element} body @param {string} path @param {string} text */
function showEditor(body, path, text) {
  const area = h(
    "textarea",
    {
      class: "code",
      rows: "24",
      spellcheck: "false",
      autocomplete: "off",
      "aria-label": `A copy of ${path}`,
    },
    text,
  );
  const result = h("div", { "aria-live": "polite" });
  const check = h(
    "button",
    { type: "button", class: "main", click: () => void checkEdit({ path, area, check, result }) },
    "Check",
  );
  const back = h(
    "button",
    { type: "button", class: "quiet", click: () => showText(body, path, text) },
    "Back to what is in force",
  );
  swap(body, h("p", {}, check, " ", back), area, result);
  area.focus();
}

/** @param {{ path: string, area: HTMLTextAreaElement, check: HTMLButtonElement, result: Element }} edit */
async function checkEdit({ path, area, check, result }) {
  check.disabled = true;
  try {
    /** @type {CheckPage} */
    const found = await postJson("/policy/check", { files: { [path]: area.value } });
    swap(result, checkParts(found, path, area));
  } catch (fault) {
    swap(result, faultPart(fault));
  } finally {
    check.disabled = false;
  }
}

/** @param {CheckPage} found @param {string} path @param {HTMLTextAreaElement} area */
function checkParts({ isValid, problems, summary, files }, path, area) {
  const verdict =
    isValid && summary !== null
      ? h(
          "p",
          { class: "good" },
          `✓ Valid: ${several(summary.routes, "route")}, ${several(summary.intents, "intent")}, ${several(summary.targets, "target")}, mode ${summary.mode}. To use it, save it to ${path}; nothing was changed here.`,
        )
      : h(
          "p",
          { class: "trouble" },
          `✕ ${several(problems.length, "problem")}; this would be refused, and the policy in force would stay.`,
        );
  const places = problems.map((problem) =>
    h("li", {}, placeOf(problem, path, area), ` ${problem.message}`),
  );
  return [
    verdict,
    places.length > 0 && h("ul", { class: "problems" }, places),
    h("h3", {}, "What it changes"),
    differences(files, "Nothing."),
  ];
}

/** A place in the edited text can be gone to. @param {CheckPage["problems"][number]} problem @param {string} path @param {HTMLTextAreaElement} area */
function placeOf({ file, line, column }, path, area) {
  const words = `line ${line}, column ${column}`;
  if (file !== path) return h("code", {}, `${file}: ${words}`);
  return h(
    "button",
    { type: "button", class: "link", click: () => goTo(area, line, column) },
    words,
  );
}

/** @param {HTMLTextAreaElement} area @param {number} line @param {number} column */
function goTo(area, line, column) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const end = start + (lines[line - 1]?.length ?? 0);
  area.focus();
  area.setSelectionRange(Math.min(end, start + column - 1), end);
  area.scrollTop = (area.scrollHeight / Math.max(1, lines.length)) * Math.max(0, line - 4);
}

/** @param {SourcePage["loads"]} loads */
function loadList(loads) {
  return h("ol", { class: "loads" }, loads.map(loadItem));
}

/** @param {SourcePage["loads"][number]} load @param {number} at @param {SourcePage["loads"]} loads */
function loadItem({ at: when, revision, outcome, problems, files }, at, loads) {
  const size =
    files === null
      ? "the policy that it began with"
      : files.length === 0
        ? "no change of text"
        : sizeOf(files);
  const head = h(
    "p",
    {},
    stateBadge(outcome),
    " ",
    h("code", {}, revision),
    ` ${moment(when)}, ${size}`,
  );
  const list =
    problems.length > 0 &&
    h(
      "ul",
      {},
      problems.map((problem) => h("li", {}, h("code", {}, problem))),
    );
  if (files === null || files.length === 0) return h("li", {}, head, list);
  const fold = h(
    "details",
    { id: `load-${loads.length - at}-${revision}`, open: at === 0 },
    h("summary", {}, "What changed"),
    differences(files, ""),
  );
  return h("li", {}, head, list, fold);
}
