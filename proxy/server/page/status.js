/** The state in the head of the page: mode, model, policy; and the button that stops answering. */
import { getJson, postJson } from "./api.js";
import { asks, wordsOf } from "./ask.js";
import { byId, h, swap } from "./dom.js";
import { several, time } from "./format.js";

/** @typedef {import("../page-data.ts").PolicyPage} PolicyPage */

const everyMs = 5000;

/** When the sidecar last answered. */
let heardAt = Date.now();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let next;

/** Looks at once and then again and again, while somebody looks at the page. */
export async function watchStatus() {
  clearTimeout(next);
  try {
    if (!document.hidden) {
      const [policy, agreement] = await Promise.all([getJson("/policy"), getJson("/agreement")]);
      show(policy, agreement);
    }
    heardAt = Date.now();
    notice("");
  } catch (fault) {
    notice(`${wordsOf(fault)} Last heard of at ${time(heardAt)}; what is shown may be old.`);
  }
  clearTimeout(next);
  next = setTimeout(() => void watchStatus(), everyMs);
}

/** @param {string} words */
function notice(words) {
  const place = byId("notice");
  if (place.textContent === words) return;
  swap(place, words);
  place.classList.toggle("trouble", words !== "");
}

/** What is shown, not to draw it again. */
let shown = "";

/** @param {PolicyPage} page @param {import("../page-data.ts").AgreementPage} agreement */
function show(page, { routes }) {
  const { isStopped, mode, model, modelState, problems } = page;
  const suspended = routes.filter(({ suspendedAt }) => suspendedAt !== null).length;
  const text = JSON.stringify([isStopped, mode, model, modelState?.status, problems, suspended]);
  if (text === shown) return;
  shown = text;
  swap(
    byId("state"),
    modePill(page),
    modelPill(page),
    problems.length > 0 &&
      h("a", { class: "badge refused", href: "#/policy" }, "✕ policy files have problems"),
    suspended > 0 &&
      h(
        "a",
        { class: "badge refused", href: "#/agreement" },
        `■ ${several(suspended, "route")} suspended`,
      ),
    stopButton(page),
  );
}

/** @param {PolicyPage} page */
function modePill({ isStopped, mode }) {
  if (isStopped) return h("span", { class: "badge refused" }, "■ stopped: observing");
  if (mode === "observe")
    return h("span", { class: "badge stale" }, "○ observing: nothing is answered");
  return h("span", { class: "badge local" }, "● answering");
}

/** @param {PolicyPage} page */
function modelPill({ model, modelState }) {
  if (model === null) return h("a", { class: "badge forwarded", href: "#/model" }, "○ no model");
  const status = modelState?.status ?? "absent";
  const look = {
    ready: "local",
    loading: "stale",
    failed: "refused",
    closed: "refused",
    absent: "forwarded",
  }[status];
  const sign = { ready: "●", loading: "◇", failed: "✕", closed: "✕", absent: "○" }[status];
  return h("a", { class: `badge ${look}`, href: "#/model" }, `${sign} model ${status}`);
}

/** Where the policy itself only observes there is nothing to stop. @param {PolicyPage} page */
function stopButton({ isStopped, mode }) {
  if (isStopped)
    return h(
      "button",
      { type: "button", id: "stop", click: () => void change("enforce") },
      mode === "observe" ? "Undo the stop" : "Answer again",
    );
  if (mode === "observe") return null;
  return h(
    "button",
    { type: "button", id: "stop", class: "quiet", click: () => void ask() },
    "Stop answering",
  );
}

async function ask() {
  const isMeant = await asks({
    title: "Stop answering?",
    text: "From now on every call is forwarded and only recorded, until somebody presses “Answer again” or the process restarts.",
    yes: "Stop answering",
  });
  if (isMeant) await change("observe");
}

/** @param {"observe" | "enforce"} mode */
async function change(mode) {
  try {
    await postJson("/mode", { mode });
  } catch (fault) {
    notice(wordsOf(fault));
  }
  await watchStatus();
}
