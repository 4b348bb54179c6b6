/** Asks once more before something changes, and says what went wrong. */
import { h } from "./dom.js";

/**
 * Resolves to whether the answer was yes; Escape is no.
 * @param {{ readonly title: string, readonly text: string, readonly yes: string }} question
 * @returns {Promise<boolean>}
 */
export function asks({ title, text, yes }) {
  const agree = h("button", { type: "submit", value: "yes", class: "danger" }, yes);
  const cancel = h("button", { type: "submit", value: "no", autofocus: true }, "Cancel");
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: "ask-title" }, title),
    h("p", {}, text),
    h("p", { class: "buttons" }, cancel, " ", agree),
  );
  const dialog = h("dialog", { "aria-labelledby": "ask-title" }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

/** What a fault says. @param {unknown} fault */
export function wordsOf(fault) {
  return fault instanceof Error ? fault.message : String(fault);
}

/** A fault as an element that is read out. @param {unknown} fault */
export function faultPart(fault) {
  return h("p", { class: "trouble", role: "alert" }, wordsOf(fault));
}
