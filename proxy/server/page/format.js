/** Numbers, times and money in words; everything that the page counts is written by these. */

const count = new Intl.NumberFormat("en");
const money = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const clock = new Intl.DateTimeFormat("en", { timeStyle: "medium", hour12: false });
const shortClock = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const dayAndClock = new Intl.DateTimeFormat("en", {
  dateStyle: "medium",
  timeStyle: "medium",
  hour12: false,
});

/** What stands where there is nothing. */
export const none = "–";

/** @param {number | null | undefined} value */
export function whole(value) {
  return value === null || value === undefined ? none : count.format(value);
}

/** @param {number | null | undefined} value */
export function usd(value) {
  if (value === null || value === undefined) return none;
  if (value === 0) return "$0";
  if (Math.abs(value) >= 0.01) return money.format(value);
  const digits = Math.min(12, 1 - Math.floor(Math.log10(Math.abs(value))));
  return `$${value.toFixed(digits)}`;
}

/** @param {number | null | undefined} value */
export function milliseconds(value) {
  if (value === null || value === undefined) return none;
  if (value < 10) return `${value.toFixed(value < 1 ? 2 : 1)} ms`;
  if (value < 1000) return `${Math.round(value)} ms`;
  if (value < 60_000) return `${(value / 1000).toFixed(2)} s`;
  return duration(value);
}

/** A length of time that somebody wrote down: 30 s, 10 min, 24 h. @param {number} ms */
export function duration(ms) {
  /** @type {readonly (readonly [number, string])[]} */
  const units = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ];
  const [size, unit] = units.find(([length]) => ms >= length) ?? [1, "ms"];
  return `${Number((ms / size).toFixed(1))} ${unit}`;
}

/** A number of four digits at most behind the point, as the policy writes them. @param {number | null | undefined} value */
export function score(value) {
  return value === null || value === undefined ? none : String(Number(value.toFixed(4)));
}

/** @param {number} part @param {number} of */
export function percent(part, of) {
  if (of === 0) return none;
  const value = (part / of) * 100;
  return `${value.toFixed(value > 0 && value < 10 ? 1 : 0)} %`;
}

/** A share of 1, to a tenth or a hundredth of a percent, in one piece. @param {number} value */
export function share(value) {
  const digits = value > 0 && value < 0.01 ? 2 : 1;
  return `${Number((value * 100).toFixed(digits))}\u00a0%`;
}

/** @param {number} value */
export function bytes(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} MB`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} kB` : `${value} B`;
}

/** @param {string | number} at */
export function time(at) {
  return clock.format(new Date(at));
}

/** @param {string | number} at */
export function minute(at) {
  return shortClock.format(new Date(at));
}

/** @param {string | number} at */
export function date(at) {
  return day.format(new Date(at));
}

/** @param {string | number} at */
export function moment(at) {
  return dayAndClock.format(new Date(at));
}

/** "1 call", "2 calls". @param {number} number @param {string} one */
export function several(number, one) {
  return `${whole(number)} ${one}${number === 1 ? "" : "s"}`;
}
