/** A chart of stacked bars over time, with its figures as a table for those who do not see it. */
import { drawn, h, table } from "./dom.js";

/**
 * One bar.
 * @typedef {object} Bar
 * @property {string} name When it begins.
 * @property {readonly number[]} values One a part, from the bottom.
 */

/**
 * A part of every bar.
 * @typedef {object} Part
 * @property {string} name
 * @property {string} look
 */

/**
 * What is shown.
 * @typedef {object} Chart
 * @property {string} id
 * @property {string} title
 * @property {readonly Part[]} parts
 * @property {readonly Bar[]} bars
 * @property {(value: number) => string} written
 */

/** The drawing is stretched to whatever room there is; it holds no text. */
const height = 100;
const step = 10;
const marks = 5;

/** @param {Chart} chart */
export function barChart(chart) {
  const { id, title, parts, bars, written } = chart;
  const most = Math.max(...bars.map(({ values }) => sum(values)), 0);
  const used = parts.filter((_, at) => bars.some(({ values }) => (values[at] ?? 0) > 0));
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, h("strong", {}, title), `, at most ${written(most)} a bar`, legend(used)),
    picture(chart, most),
    h("div", { class: "axis", "aria-hidden": "true" }, marksOf(bars)),
    h("details", { id: `${id}-table` }, h("summary", {}, "As a table"), figures(chart)),
  );
}

/** @param {readonly Part[]} parts */
function legend(parts) {
  const items = parts.map(({ name, look }) =>
    h("li", {}, h("span", { class: `swatch ${look}`, "aria-hidden": "true" }), name),
  );
  return h("ul", { class: "legend" }, items);
}

/**
 * @param {Chart} chart
 * @param {number} most
 */
function picture({ title, parts, bars }, most) {
  const width = bars.length * step;
  const lines = [0, 0.5, 1].map((share) =>
    drawn("line", { class: "grid", x1: 0, x2: width, y1: share * height, y2: share * height }),
  );
  return drawn(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `${title} over time; the table below has the figures`,
    },
    lines,
    bars.flatMap(({ values }, at) => stacked(values, { x: at * step + 1, most, parts })),
  );
}

/**
 * @param {readonly number[]} values
 * @param {{ readonly x: number, readonly most: number, readonly parts: readonly Part[] }} place
 */
function stacked(values, { x, most, parts }) {
  let y = height;
  return values.map((value, at) => {
    const size = most === 0 ? 0 : (value / most) * height;
    y -= size;
    const shape = { x, y, width: step - 2, height: size };
    return size === 0 ? null : drawn("rect", { class: parts[at]?.look, ...shape });
  });
}

/** @param {readonly Bar[]} bars */
function marksOf(bars) {
  const every = Math.max(1, Math.floor(bars.length / marks));
  const names = bars.filter((_, at) => at % every === 0).map(({ name }) => name);
  return names.slice(0, marks).map((name) => h("span", {}, name));
}

/** @param {Chart} chart */
function figures({ title, parts, bars, written }) {
  const heads = ["From", ...parts.map(({ name }) => ({ text: name, class: "number" }))];
  const rows = bars
    .filter(({ values }) => sum(values) > 0)
    .toReversed()
    .map(({ name, values }) => {
      const cells = values.map((value) => h("td", { class: "number" }, written(value)));
      return h("tr", {}, h("th", { scope: "row" }, name), cells);
    });
  return table(title, heads, rows);
}

/** @param {readonly number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
