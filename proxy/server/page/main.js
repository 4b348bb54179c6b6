/** Starts the page: views, keys, theme, and the state in its head. */
import { byId, h } from "./dom.js";
import { listen, showKeys } from "./keys.js";
import { route } from "./router.js";
import { watchStatus } from "./status.js";
import { showAgreement } from "./view-agreement.js";
import { showCache } from "./view-cache.js";
import { showCall } from "./view-call.js";
import { showExplain } from "./view-explain.js";
import { showLive } from "./view-live.js";
import { showModel } from "./view-model.js";
import { showPolicy } from "./view-policy.js";
import { showSavings } from "./view-savings.js";
import { showTargets } from "./view-targets.js";

/** In the order of their numbers. */
const listed = {
  live: { title: "Live", show: showLive },
  savings: { title: "Savings", show: showSavings },
  agreement: { title: "Agreement", show: showAgreement },
  targets: { title: "Targets", show: showTargets },
  cache: { title: "Cache", show: showCache },
  model: { title: "Model", show: showModel },
  policy: { title: "Policy", show: showPolicy },
  explain: { title: "Explain", show: showExplain },
};
const views = { ...listed, call: { title: "Call", show: showCall } };

const themes = /** @type {const} */ (["system", "light", "dark"]);

function theme() {
  const { theme: set = "system" } = document.documentElement.dataset;
  return themes.find((one) => one === set) ?? "system";
}

function nextTheme() {
  const next = themes[(themes.indexOf(theme()) + 1) % themes.length] ?? "system";
  localStorage.setItem("sidestep-theme", next);
  document.documentElement.dataset["theme"] = next;
  tellTheme();
}

function tellTheme() {
  byId("theme").replaceChildren(`Theme: ${theme()}`);
}

const titles = Object.values(listed).map(({ title }) => title);
const addresses = Object.keys(listed).map((name) => `#/${name}`);
const help = () => showKeys(titles);

byId("nav").append(...addresses.map((address, at) => h("a", { href: address }, titles[at])));
byId("theme").addEventListener("click", nextTheme);
byId("keys").addEventListener("click", help);
document.addEventListener("sidestep-state", () => void watchStatus());
window.addEventListener("hashchange", () => route(views));
listen(addresses, { t: nextTheme, "?": help });
tellTheme();
route(views);
void watchStatus();
