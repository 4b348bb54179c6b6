/** Reads a prompt of examples, "Text: ... / Label: ..." that ends in "Label:"; used by label-call.ts. */

/** A text and what follows it as its label. */
export interface Shot {
  readonly text: string;
  readonly reply: string;
}

/** The examples of one prompt, the text that has no label yet, and what stands before them. */
export interface Shots {
  readonly shots: readonly Shot[];
  readonly text: string;
  readonly rest: string;
}

const finalCue = /(?:^|\n)[ \t]*([\p{L}][\p{L} ]{0,30}):[ \t]*$/u;

/** How far from the end the last cue may begin. */
const cueReach = 60;

/** Null when the prompt is not of this form; without an example it is none of it either. */
export function shotsIn(prompt: string): Shots | null {
  const end = prompt.trimEnd();
  const cue = finalCue.exec(end.slice(-cueReach))?.[1];
  const parts = cue === undefined ? [] : partsBy(end, cue);
  const caption = captionOf(parts.at(-1));
  if (parts.length < 2 || caption === null) return null;
  const bodies = parts.flatMap(({ text }, at) => bodyOf(text, caption, at === 0) ?? []);
  const last = bodies.at(-1);
  if (bodies.length < parts.length || last === undefined) return null;
  const shots = bodies
    .slice(0, -1)
    .map(({ text }, at) => ({ text, reply: parts[at]?.reply ?? "" }));
  return { shots, text: last.text, rest: bodies[0]?.rest ?? "" };
}

function captionOf(part: Part | undefined): string | null {
  return /^([\p{L}][\p{L} ]{0,30}):/u.exec(part?.text.trim() ?? "")?.[1] ?? null;
}

interface Part {
  readonly text: string;
  readonly reply: string;
}

/** What stands before each line that begins with the cue, and what that line says. */
function partsBy(prompt: string, cue: string): readonly Part[] {
  const parts: Part[] = [];
  let lines: string[] = [];
  for (const line of prompt.split("\n")) {
    const trimmed = line.trim();
    if (!trimmed.startsWith(`${cue}:`)) {
      lines.push(line);
      continue;
    }
    parts.push({ text: separated(lines), reply: trimmed.slice(cue.length + 1).trim() });
    lines = [];
  }
  return parts;
}

/** Lines that only divide examples are no part of a text. */
function separated(lines: readonly string[]): string {
  return lines
    .filter((line) => !/^\s*[-=#*_~]{2,}\s*$/u.test(line))
    .join("\n")
    .trim();
}

/** The text behind the caption, which stands there once; only the first part may say something before it. */
function bodyOf(
  part: string,
  caption: string,
  isFirst: boolean,
): { text: string; rest: string } | null {
  const starts = [...part.matchAll(/(?:^|\n)[ \t]*([\p{L}][\p{L} ]{0,30}):/gu)].filter(
    (match) => match[1] === caption,
  );
  const [start, ...others] = starts;
  if (start === undefined || others.length > 0) return null;
  const rest = part.slice(0, start.index).trim();
  if (rest !== "" && !isFirst) return null;
  const text = part.slice(start.index + start[0].length).trim();
  return text === "" ? null : { text, rest };
}
