/** Masks what tells a person in a text that is to be kept: addresses, phones, cards, accounts, numbers, credentials; used by the audit log. */
import { secretPattern } from "./fault-summary.ts";

/** What was found; the mask shows it. */
type Kind = "secret" | "email" | "iban" | "card" | "phone" | "id";

interface Span {
  readonly start: number;
  readonly end: number;
  readonly kind: Kind;
}

/** What stands in the way of what was found already: no pattern matches it. */
const filler = "\0";

/** How much more than what is kept is looked at, so that nothing is cut in two before it is found. */
const maskMargin = 512;

/** The text masked, and then cut to `mostChars`; "…" ends one that was cut. */
export function maskedContent(text: string, mostChars: number): string {
  const masked = maskedText(lookedAt(text, mostChars + maskMargin));
  if (text.length <= mostChars + maskMargin && masked.length <= mostChars) return masked;
  return `${masked.slice(0, mostChars).toWellFormed()}…`;
}

/** A word that the window cuts in two would not be known for what it is, so it is left out. */
function lookedAt(text: string, window: number): string {
  if (text.length <= window) return text;
  const edge = /[\x21-\x7e\uff01-\uff5e]*$/.exec(text.slice(window - maskMargin, window));
  return text.slice(0, window - (edge?.[0].length ?? 0));
}

/** The text with everything found replaced by its kind in brackets. */
export function maskedText(text: string): string {
  let rest = plainForms(text);
  const spans: Span[] = [];
  for (const find of finders) {
    const found = find(rest);
    for (const span of found) rest = covered(rest, span);
    spans.push(...found);
  }
  let masked = "";
  let at = 0;
  for (const { start, end, kind } of spans.toSorted((one, other) => one.start - other.start)) {
    masked += `${text.slice(at, start)}[${kind}]`;
    at = end;
  }
  return masked + text.slice(at);
}

/** Zeros of the digits that are written instead of 0 to 9, besides the full-width ones. */
const zeros = [0x06_60, 0x06_f0, 0x09_66, 0x09_e6, 0x0e_50];

/** Full-width letters, digits and signs, and other digits, as their ASCII forms; no place moves. */
function plainForms(text: string): string {
  return text.replaceAll(
    /[\uff01-\uff5e\u3000\u2010-\u2015\u2212\u00a0\u202f\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59]/g,
    plainForm,
  );
}

function plainForm(sign: string): string {
  const code = sign.charCodeAt(0);
  if (code >= 0xff_01) return String.fromCharCode(code - 0xfe_e0);
  if (/\s/.test(sign)) return " ";
  const zero = zeros.find((first) => code >= first && code <= first + 9);
  return zero === undefined ? "-" : String(code - zero);
}

function covered(text: string, { start, end }: Span): string {
  return text.slice(0, start) + filler.repeat(end - start) + text.slice(end);
}

type Find = (text: string) => readonly Span[];

/** In this order: what is found first is no more looked at. */
const finders: readonly Find[] = [
  secretsAndEmails,
  ibans,
  cards,
  phones,
  // A name of letters, digits and joints with enough digits to be one thing among many.
  (text) =>
    matching(
      "id",
      /[A-Za-z\d]+(?:[-._/:#][A-Za-z\d]+)*/g,
    )(text).filter(({ start, end }) => isTelling(text.slice(start, end))),
  matching("id", /\d(?:[ ,./-]?\d){5,}/g),
];

function matching(kind: Kind, pattern: RegExp): Find {
  return (text) =>
    [...text.matchAll(pattern)]
      .filter(([found]) => found !== "")
      .map((match) => ({ kind, start: match.index, end: match.index + match[0].length }));
}

function isTelling(word: string): boolean {
  const digits = digitsOf(word).length;
  return digits >= 6 || (digits >= 4 && /[A-Za-z]/.test(word));
}

function digitsOf(text: string): string {
  return text.replaceAll(/\D/g, "");
}

/** A domain may begin as tokens do, and a password stand before one: what overlaps is one thing, of the kind that begins first. */
function secretsAndEmails(text: string): readonly Span[] {
  const whole: Span[] = [];
  const found = [...matching("secret", secretPattern)(text), ...emails(text)];
  for (const span of found.toSorted((one, other) => one.start - other.start)) {
    const last = whole.at(-1);
    if (last === undefined || span.start >= last.end) whole.push(span);
    else whole[whole.length - 1] = { ...last, end: Math.max(last.end, span.end) };
  }
  return whole;
}

/** Letters of scripts that set words apart by spaces, digits and the signs of addresses. */
const localPart =
  /[[\p{L}\p{M}\p{N}\x26.!#$%'*+\/=?^_`\{\|\}~\-]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]]{1,64}$/v;
const domain = /^[[\p{L}\p{M}\p{N}.\-]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]]{1,253}/v;

/** Looked for from the sign outwards: a search from the left would look at every word again and again. */
function emails(text: string): readonly Span[] {
  const found: Span[] = [];
  let free = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const before = localPart.exec(text.slice(Math.max(free, at - 64), at));
    const after = domain.exec(text.slice(at + 1, at + 254));
    if (before === null || after === null) continue;
    // A full stop behind an address is the sentence's.
    free = at + 1 + after[0].replace(/[.-]+$/, "").length;
    found.push({ kind: "email", start: at - before[0].length, end: free });
  }
  return found;
}

/** Country, two check digits, then up to 30 letters and digits, in groups or not; the next may follow at once. */
function ibans(text: string): readonly Span[] {
  const candidates = /[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z\d]){11,30}/g;
  const found: Span[] = [];
  for (let match = candidates.exec(text); match !== null; match = candidates.exec(text)) {
    const start = match.index;
    const length = ibanLength(match[0]);
    if (length > 0) found.push({ kind: "iban", start, end: start + length });
    candidates.lastIndex = start + Math.max(length, 4);
  }
  return found;
}

/**
 * Where the longest beginning ends whose checksum holds, since words may follow; 0 when there is none.
 * ISO 13616: the first four signs go to the end, letters count from 10, and 97 leaves 1.
 */
function ibanLength(candidate: string): number {
  const head = candidate.slice(0, 4).split("");
  let rest = 0;
  let signs = 4;
  let longest = 0;
  for (let at = 4; at < candidate.length; at += 1) {
    if (/[ -]/.test(candidate.charAt(at))) continue;
    rest = carried(rest, candidate.charAt(at));
    signs += 1;
    if (signs >= 15 && head.reduce(carried, rest) === 1) longest = at + 1;
  }
  return longest;
}

function carried(rest: number, sign: string): number {
  const value = Number.parseInt(sign, 36);
  return (rest * (value > 9 ? 100 : 10) + value) % 97;
}

/** Longer runs are no list of cards that somebody typed, and are masked whole. */
const longestRun = 200;

/** Runs of digits in which groups of 12 to 19 together pass Luhn's check. */
function cards(text: string): readonly Span[] {
  const runs = matching("card", /\d(?:[ .-]{0,2}\d){11,}/g)(text);
  return runs.flatMap(({ start, end }) => {
    if (end - start > longestRun) return [{ kind: "id", start, end }];
    return cardsIn(text.slice(start, end)).map((span) => ({
      kind: span.kind,
      start: span.start + start,
      end: span.end + start,
    }));
  });
}

function cardsIn(run: string): readonly Span[] {
  const groups = matching("card", /\d+/g)(run);
  const found: Span[] = [];
  for (let first = 0; first < groups.length; first += 1) {
    const last = lastOfCard(run, groups, first);
    const start = groups[first]?.start ?? 0;
    const end = groups[last]?.end ?? 0;
    if (last >= 0) found.push({ kind: "card", start, end });
    first = Math.max(first, last);
  }
  return found;
}

/** The last group of the longest card that begins with `first`; -1 when none does. */
function lastOfCard(run: string, groups: readonly Span[], first: number): number {
  let digits = "";
  let last = -1;
  for (let at = first; at < groups.length && digits.length < 20; at += 1) {
    digits += run.slice(groups[at]?.start, groups[at]?.end);
    if (digits.length >= 12 && digits.length <= 19 && passesLuhn(digits)) last = at;
  }
  return last;
}

/** Every second digit from the end is doubled; the digits of all that add up to tens. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    const counted = at % 2 === 0 ? digit : digit * 2;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}

/** 7 to 15 digits that are written as phone numbers are: a plus or zero before them, or in groups. */
function phones(text: string): readonly Span[] {
  const candidates = matching(
    "phone",
    /(?<!\d[ ()./-]{0,3})(?:\+ ?|\()?\d(?:[ ()./-]{0,3}\d){6,14}(?![ ()./-]{0,3}\d)/g,
  )(text);
  return candidates.filter(({ start, end }) => isPhone(text.slice(start, end)));
}

function isPhone(written: string): boolean {
  const digits = digitsOf(written).length;
  if (/^(?:\+|\(|0)/.test(written)) return true;
  return digits >= 10 && digits <= 12 && /\d[ ()./-]+\d/.test(written);
}
