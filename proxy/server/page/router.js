/** Finds the view that the address names, shows it, and ends the one before. */
import { byId, h } from "./dom.js";

/**
 * Where the address points.
 * @typedef {object} Place
 * @property {string} name
 * @property {string} rest What stands behind the name.
 * @property {URLSearchParams} query
 */

/**
 * A view that is shown.
 * @typedef {object} Shown
 * @property {() => void} stop
 * @property {Readonly<Record<string, () => void>>} [keys] What single keys do in it.
 */

/** @typedef {(root: Element, place: Place) => Shown} View */

/** What is shown now. @type {{ place: Place, shown: Shown } | null} */
let current = null;

/** Where the list of calls was left, filters included. */
let list = "#/live";

/** @returns {Place} */
function placeNow() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name = "", ...rest] = path.split("/");
  return { name: name || "live", rest: rest.join("/"), query: new URLSearchParams(query) };
}

/** The list of calls as it was left. */
export function lastList() {
  return list;
}

/** What single keys do in the view that is shown. */
export function viewKeys() {
  return current?.shown.keys ?? {};
}

/**
 * @param {Readonly<Record<string, { readonly title: string, readonly show: View }>>} views
 */
export function route(views) {
  const place = placeNow();
  const found = views[place.name];
  const isFirst = current === null;
  if (current?.place.name === "live") list = lastAddress;
  current?.shown.stop();
  const root = h("div", { class: `view view-${place.name}` });
  byId("main").replaceChildren(root);
  current = { place, shown: found === undefined ? nothing(root) : found.show(root, place) };
  document.title = `${found?.title ?? "Not here"} · Sidestep`;
  markLink(place.name === "call" ? "live" : place.name);
  if (!isFirst) tellTitle(root);
  lastAddress = location.hash;
}

let lastAddress = "";

/** Views note their own changes of the address, which make no event. */
export function noteAddress() {
  lastAddress = location.hash;
}

/** @param {string} name Of the view whose link is marked. */
function markLink(name) {
  for (const link of byId("nav").querySelectorAll("a")) {
    const isHere = link.hash === `#/${name}`;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (isHere) link.scrollIntoView({ block: "nearest", inline: "center" });
  }
}

/** Those who hear the page are told that there is another one. @param {Element} root */
function tellTitle(root) {
  if (root.contains(document.activeElement)) return;
  const heading = root.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** @param {Element} root @returns {Shown} */
function nothing(root) {
  root.append(
    h("h1", {}, "There is no such view"),
    h("p", {}, h("a", { href: "#/live" }, "Go to the live calls")),
  );
  return { stop: () => undefined };
}
