/** The pair guard's checks of how a text asks: for which kind of answer, for a duty or a permission, in which direction. */
import type { GuardText, Objection } from "./guard-text.ts";

const kinds: readonly (readonly [string, RegExp])[] = [
  ["why", /\bwhy\b|\bhow come\b|\bfor what reason\b/u],
  ["when", /\bwhen\b|\bwhat time\b|\bwhat date\b|\bhow (?:long|soon)\b/u],
  ["where", /\bwhere\b/u],
  ["who", /\bwho\b|\bwhom\b|\bwhose\b/u],
  ["amount", /\bhow (?:much|many|often)\b|\bcosts?\b|\bprice\b/u],
];

/** Two questions that ask for different kinds of answer; one that asks openly may match any. */
export function questionAgrees(question: GuardText, matched: GuardText): Objection | null {
  const asked = kindsOf(question);
  const known = kindsOf(matched);
  if (asked.length > 0 && known.length > 0) {
    if (asked.some((name) => known.includes(name))) return null;
    return { kind: "question", detail: `${asked[0] ?? ""} / ${known[0] ?? ""}` };
  }
  return asksMore(question, asked, matched) ?? asksMore(matched, onlyWhy(known), question);
}

function kindsOf(text: GuardText): readonly string[] {
  return kinds.filter(([, pattern]) => pattern.test(text.plain)).map(([name]) => name);
}

function onlyWhy(names: readonly string[]): readonly string[] {
  return names.filter((name) => name === "why");
}

const opening = String.raw`^\P{L}*(?:(?:so|and|but|hi|hello|hey|please|um|ok|okay|well|sorry)\P{L}+)*`;
const polarVerbs =
  "can|could|may|do|does|did|is|are|am|was|were|will|would|should|must|has|have|isn|aren";
/** A yes-or-no question; a request to be told something is none. */
const polar = new RegExp(
  String.raw`${opening}(?:${polarVerbs})\b(?! (?:you|i)(?: please)? (?:tell|help|explain|let|show|give|assist|provide|know|get)\b)`,
  "u",
);
const manner = /\bhow (?:do|does|can|could|should|would|to)\b/u;

/** What asks why, when, where or who is not answered by a yes or a no, nor why by how. */
function asksMore(
  question: GuardText,
  asked: readonly string[],
  other: GuardText,
): Objection | null {
  const open = asked.find((name) => name !== "amount");
  if (open === undefined) return null;
  if (polar.test(other.plain)) return { kind: "question", detail: `${open} / yes or no` };
  const isManner =
    asked.includes("why") && manner.test(other.plain) && !manner.test(question.plain);
  return isManner ? { kind: "question", detail: "why / how" } : null;
}

const duty =
  /\bmust (?:i|we)\b|\b(?:do|does|did|will|would) (?:\S+ )?(?:i|we|you|they|guests|customers) (?:have|need) to\b|\b(?:mandatory|compulsory|obligatory|obliged)\b/u;
const permission = /(?<!\b(?:how|where|what) )\b(?:can|may) (?:i|we)\b|\b(?:allowed|permitted)\b/u;

/** "Do I have to pay online?" against "Can I pay online?". */
export function dutyAgrees(question: GuardText, matched: GuardText): Objection | null {
  const isOpposed = isDuty(question)
    ? isPermission(matched)
    : isPermission(question) && isDuty(matched);
  return isOpposed ? { kind: "question", detail: "must / may" } : null;
}

function isDuty(text: GuardText): boolean {
  return duty.test(text.plain) && !permission.test(text.plain);
}

function isPermission(text: GuardText): boolean {
  return permission.test(text.plain) && !duty.test(text.plain);
}

const directions = [
  /\bfrom (?:an? |the |my )?(\S+)(?: \S+)? (?:in)?to (?:an? |the |my )?([^\s?.!,]+)/u,
  /\b(\S+) (?:\S+ )?than (?:an? |the )?([^\s?.!,]+)/u,
];

/** The same two things the other way round, or the same thing as source and as goal. */
export function directionAgrees(question: GuardText, matched: GuardText): Objection | null {
  for (const pattern of directions) {
    const asked = pattern.exec(question.plain);
    const known = pattern.exec(matched.plain);
    if (asked === null || known === null) continue;
    if (asked[1] === known[2] || asked[2] === known[1]) {
      return { kind: "direction", detail: `${asked[1] ?? ""} / ${asked[2] ?? ""}` };
    }
  }
  return reversed(question, matched) ?? reversed(matched, question);
}

const sources = placesAfter("from");
const goals = placesAfter("to");

function placesAfter(preposition: string): RegExp {
  const determiners = "an?|the|my|your|our|another|any|some|other";
  return new RegExp(String.raw`\b${preposition} (?:(?:${determiners}) )*([\p{L}\d-]+)`, "gu");
}

/** One goes from a thing to which the other goes, and neither text says both. */
function reversed(one: GuardText, other: GuardText): Objection | null {
  const left = [...one.plain.matchAll(sources)].map((found) => found[1] ?? "");
  if (left.length === 0) return null;
  const word = left.find(
    (place) =>
      isAmong(place, other, goals) &&
      !isAmong(place, other, sources) &&
      !isAmong(place, one, goals),
  );
  return word === undefined ? null : { kind: "direction", detail: word };
}

function isAmong(place: string, text: GuardText, places: RegExp): boolean {
  return [...text.plain.matchAll(places)].some((found) => found[1] === place);
}
