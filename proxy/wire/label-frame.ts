/** Finds the text to classify within a user's turn: after a mark, between quotes or tags, after a caption; used by label-call.ts. */

/** The text, and what stands around it. */
export interface Framed {
  readonly text: string;
  readonly rest: string;
}

/** Longer turns are taken whole or not at all. */
const longestTurn = 20_000;

/** Whether a turn is too long to look for a frame in it. */
export function isLong(turn: string): boolean {
  return turn.length > longestTurn;
}

/** Whether a turn asks for a label itself. */
export function asksForLabel(turn: string): boolean {
  return asks.test(turn);
}

const captions =
  "review|text|message|tweet|comment|ticket|e-?mail|input|sentence|post|feedback|utterance|customer|customer message|user|user message|question|document|query|statement";

const leading = new RegExp(String.raw`^\s*(?:the\s+)?(?:${captions})\s*:\s*`, "iu");
const within = new RegExp(String.raw`(?:^|\n|[.!?]\s)[ \t]*(?:the\s+)?(?:${captions})\s*:`, "giu");
const cue =
  /\n[ \t]*(?:sentiment|label|answer|category|class|classification|output|intent|queue|language|response|result)[ \t]*:$/iu;
const openings = /"""|```(?:\w*\n)?|<(\w+)>/gu;
const quotes = /[“"]([^“”"\n]{2,})[”"]/gu;
const asks = /\b(?:classify|classification|label|determine|identify|categori[sz]e|detect)\b/iu;

/**
 * The text of a turn. Where the instructions stand in the system prompt the turn is the text, unless a part
 * of it is plainly marked; where they stand in the turn itself the text must be marked. Null when it is not plain.
 */
export function framed(turn: string, after: string | null, isApart: boolean): Framed | null {
  if (after !== null) return afterMark(turn, after);
  if (isLong(turn)) return isApart ? { text: turn.trim(), rest: "" } : null;
  const marked = inBlock(turn, isApart) ?? behindCaption(turn);
  if (marked !== null) return marked === "unclear" ? null : marked;
  if (isApart) return { text: bareText(turn), rest: "" };
  return inQuotes(turn);
}

/** A mark that stands twice does not say where the text begins. */
function afterMark(turn: string, mark: string): Framed | null {
  const at = turn.indexOf(mark);
  if (at < 0 || turn.includes(mark, at + mark.length)) return null;
  const text = bareText(turn.slice(at + mark.length));
  return text === "" ? null : { text, rest: turn.slice(0, at) };
}

/** A text may hold code or markup of its own: a block is the text only beside words that ask for its label. */
function inBlock(turn: string, isApart: boolean): Framed | "unclear" | null {
  const [found, ...others] = blocksIn(turn);
  if (found === undefined) return null;
  const rest = withoutCaption(`${turn.slice(0, found.start)} ${turn.slice(found.end)}`);
  if (isApart && /\p{L}/u.test(rest) && !asks.test(rest)) return null;
  const text = found.inner.trim();
  return others.length > 0 || text === "" ? "unclear" : { text, rest };
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly inner: string;
}

/** More openings than this are markup, and each costs a search for its end. */
const mostOpenings = 40;

/** What stands between triple quotes, fences or the two ends of a tag, one behind the other. */
function blocksIn(turn: string): readonly Block[] {
  const blocks: Block[] = [];
  let seen = 0;
  for (const { 0: open, 1: tag, index } of turn.matchAll(openings)) {
    seen += 1;
    if (seen > mostOpenings) return [];
    if (index < (blocks.at(-1)?.end ?? 0)) continue;
    const from = index + open.length;
    const close = tag === undefined ? open.slice(0, 3) : `</${tag}>`;
    const at = turn.indexOf(close, from);
    if (at < 0) continue;
    blocks.push({ start: index, end: at + close.length, inner: turn.slice(from, at) });
  }
  return blocks;
}

/** Without letters in front of it a caption only introduces the turn; behind instructions it begins the text. */
function behindCaption(turn: string): Framed | "unclear" | null {
  const [found, ...others] = turn.matchAll(within);
  if (found === undefined) return null;
  if (others.length > 0) return "unclear";
  const rest = turn.slice(0, found.index + (/^[.!?]/u.test(found[0]) ? 1 : 0)).trim();
  if (rest !== "" && !asks.test(rest)) return "unclear";
  const text = bareText(turn.slice(found.index + found[0].length));
  return text === "" ? "unclear" : { text, rest };
}

/** One span of several words in quotes; labels are quoted, too, but are single words. */
function inQuotes(turn: string): Framed | null {
  const spans = [...turn.matchAll(quotes)].filter(({ 1: inner }) => /\S\s+\S/u.test(inner ?? ""));
  const [found, ...others] = spans;
  if (found === undefined || others.length > 0) return null;
  return { text: (found[1] ?? "").trim(), rest: turn.replace(found[0], () => " ") };
}

/** How far from the end a cue may begin. */
const longestCue = 40;

/** Without the caption before it, the cue for the label after it, and quotes around all of it. */
function bareText(turn: string): string {
  const body = turn.trimEnd();
  const end = body.slice(-longestCue).search(cue);
  const from = Math.max(0, body.length - longestCue);
  const inner = (end < 0 ? body : body.slice(0, from + end)).replace(leading, "").trim();
  const quoted = /^[“"]([^“”"]+)[”"]$/u.exec(inner);
  return (quoted?.[1] ?? inner).trim();
}

function withoutCaption(rest: string): string {
  return rest.replaceAll(within, " ").trim();
}
