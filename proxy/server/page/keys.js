/** Single keys: a number for each view, and what the view at hand adds; they can be switched off. */
import { h } from "./dom.js";
import { viewKeys } from "./router.js";

const stored = "sidestep-keys";

/** @param {readonly string[]} views Addresses, in the order of their numbers. @param {Readonly<Record<string, () => void>>} always */
export function listen(views, always) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) leave();
    if (isElsewhere(event)) return;
    const { key } = event;
    const address = views[Number(key) - 1];
    const does = address === undefined ? (viewKeys()[key] ?? always[key]) : () => goTo(address);
    if (does === undefined) return;
    event.preventDefault();
    does();
  });
}

/** Out of a field, so that single keys are keys again. */
function leave() {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

/** @param {string} address */
function goTo(address) {
  location.hash = address;
}

/** Whether a key is meant for something else than the page: typed, held with others, or for a dialog. @param {KeyboardEvent} event */
function isElsewhere({ ctrlKey, metaKey, altKey, target, key }) {
  if (ctrlKey || metaKey || altKey || isTyping(target)) return true;
  if (document.querySelector("dialog[open]") !== null) return true;
  return key !== "Escape" && localStorage.getItem(stored) === "off";
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** @param {readonly string[]} titles Of the views, in the order of their numbers. */
export function showKeys(titles) {
  const rows = [
    ...titles.map((title, at) => [String(at + 1), title]),
    ["j, k", "next and previous call"],
    ["Enter", "open the call"],
    ["Escape", "out of a field; back to the list"],
    ["/", "to the search"],
    ["p", "pause and go on"],
    ["t", "light, dark or as the system"],
    ["?", "this list"],
  ].map(([key, says]) =>
    h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, says)),
  );
  const isOn = h("input", { type: "checkbox", checked: localStorage.getItem(stored) !== "off" });
  isOn.addEventListener("change", () => localStorage.setItem(stored, isOn.checked ? "on" : "off"));
  const dialog = h(
    "dialog",
    { "aria-labelledby": "keys-title", close: () => dialog.remove() },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "keys-title" }, "Keys"),
      h("table", {}, h("tbody", {}, rows)),
      h("p", {}, h("label", { class: "check" }, isOn, " Single keys are on")),
      h("p", { class: "buttons" }, h("button", { type: "submit" }, "Close")),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
