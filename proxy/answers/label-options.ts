/** Reads off a prompt which labels the application offers, and how it writes them; label-form.ts asks. */

/** How the application writes a label of ours, or why that is not plain. */
export type Wording =
  | { readonly kind: "word"; readonly word: string }
  | { readonly kind: "unlisted" }
  /** The application lists labels, but not this one. */
  | { readonly kind: "not-offered" }
  /** The list holds what the model does not know, or one label in two spellings. */
  | { readonly kind: "unclear" };

/** What applications call the labels of the heads that force a choice among them. */
const synonyms: ReadonlyMap<string, readonly string[]> = new Map([
  ["positive", ["positive", "pos"]],
  ["negative", ["negative", "neg"]],
  ["neutral", ["neutral", "neu"]],
]);

/** Words that make a label another one, e.g. "very positive". */
const graded =
  /(?<![\p{L}\d])(?:very|slightly|somewhat|strongly|mostly|extremely|mildly)[\s_-]+$/iu;

/** The wording of `label` among options that stand as a list, e.g. a schema's enumeration. */
export function wordingIn(options: readonly string[], label: string): Wording {
  const isForced = synonyms.has(label);
  if (isForced && !options.every((option) => meaningOf(option) !== null))
    return { kind: "unclear" };
  const found = options.filter((option) => isSame(option, label));
  if (found.length > 1) return { kind: "unclear" };
  return found[0] === undefined ? { kind: "not-offered" } : { kind: "word", word: found[0] };
}

/** Longer instructions say more than a list of labels; they are not read. */
const longestPrompt = 20_000;

/** The wording of `label` in a prompt's running text. */
export function wordingOf(label: string, prompt: string): Wording {
  if (prompt.length > longestPrompt) return { kind: "unclear" };
  return synonyms.has(label) ? forcedWording(label, prompt) : namedWording(label, prompt);
}

/** What stands between two labels of a list. */
const between = String.raw`["'\x60*)\]]*(?:\s*[,;|/\n•][\s•*-]*(?:\d+[.)]\s*)?(?:(?:or|and)\s+)?|\s+(?:or|and)\s+)["'\x60*(\[]*`;

/** The prompt without lists of these labels: where they are listed, they are no wish for what they mean. */
export function withoutList(prompt: string, labels: readonly string[]): string {
  if (labels.length < 2) return prompt;
  const names = labels.map(patternOf).join("|");
  const list = `(?<![\\p{L}\\d_])(?:${names})(?:${between}(?:${names}))+(?![\\p{L}\\d_])`;
  return prompt.replaceAll(new RegExp(list, "giu"), " ");
}

/** Of a head that always chooses: the list must offer nothing that the head cannot mean. */
function forcedWording(label: string, prompt: string): Wording {
  const words = [...synonyms.values()].flat().join("|");
  const found = [
    ...prompt.matchAll(new RegExp(`(?<![\\p{L}\\d])(?:${words})(?![\\p{L}\\d])`, "giu")),
  ];
  const first = found[0];
  const last = found.at(-1);
  const spelled = new Set(found.map((match) => match[0]));
  const meant = new Set([...spelled].map(meaningOf));
  if (first === undefined || last === undefined || meant.size < 2) return { kind: "unlisted" };
  if (spelled.size !== meant.size) return { kind: "unclear" };
  const inside = prompt.slice(first.index, last.index + last[0].length);
  const isGraded = found.some(({ index }) => graded.test(beforeIn(prompt, index)));
  const isPlain =
    !isGraded &&
    isPureList(inside) &&
    !goesOn(afterIn(prompt, last.index + last[0].length)) &&
    !beganBefore(beforeIn(prompt, first.index));
  if (!isPlain) return { kind: "unclear" };
  const word = [...spelled].find((text) => meaningOf(text) === label);
  return word === undefined ? { kind: "not-offered" } : { kind: "word", word };
}

/** How much of the text around a list may belong to it. */
const edgeLength = 100;

function beforeIn(prompt: string, at: number): string {
  return prompt.slice(Math.max(0, at - edgeLength), at);
}

function afterIn(prompt: string, at: number): string {
  return prompt.slice(at, at + edgeLength);
}

/** Whether nothing but known labels and what joins a list stands in `text`. */
function isPureList(text: string): boolean {
  // Numbers count lines; anywhere else they stand for the labels.
  const unnumbered = text.replaceAll(/\n\s*\d+[.)]\s/gu, "\n");
  const items = unnumbered.split(/[,;/|\n()[\]{}"'`*•.:-]|\s(?:or|and)\s|\s-\s/iu);
  return items.every((item) => {
    const word = item.trim().replace(/^(?:or|and)\s+/iu, "");
    return word === "" || meaningOf(word) !== null;
  });
}

/** Whether a list goes on with a word after its last known label; "and nothing else" does not. */
function goesOn(rest: string): boolean {
  return /^["'`\])]*\s*(?:[,/|]\s*(?:or\s+|and\s+)?|or\s+|and\s+)["'`]?(?!nothing|no\s|only|do\s|with)\p{L}/iu.test(
    rest,
  );
}

/** Whether a list began with a word before its first known label; "one word, " did not. */
function beganBefore(text: string): boolean {
  const match = /(\p{L}+)["'`]?\s*[,/|]\s*["'`]?$/u.exec(text);
  return (
    match !== null &&
    !/^(?:word|only|either|sentiment|label|text|following|is)$/iu.test(match[1] ?? "")
  );
}

/** Of the policy's own intents or tasks: the label must stand in the prompt as it is named. */
function namedWording(label: string, prompt: string): Wording {
  const pattern = `(?<![\\p{L}\\d_])${patternOf(label)}(?![\\p{L}\\d_])`;
  const found = prompt.matchAll(new RegExp(pattern, "giu"));
  const spelled = [...new Set([...found].map((match) => match[0]))];
  if (spelled[0] === undefined) return { kind: "unlisted" };
  return spelled.length === 1 ? { kind: "word", word: spelled[0] } : { kind: "unclear" };
}

/** A label as people write it: its parts joined, or not, by a blank, a hyphen or an underscore. */
function patternOf(label: string): string {
  return label
    .split(/[_\s-]+/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(String.raw`[_\s-]?`);
}

function meaningOf(word: string): string | null {
  const lower = word.trim().toLowerCase();
  for (const [label, words] of synonyms) if (words.includes(lower)) return label;
  return null;
}

function isSame(option: string, label: string): boolean {
  if (synonyms.has(label)) return meaningOf(option) === label;
  return bare(option) === bare(label);
}

function bare(text: string): string {
  return text.toLowerCase().replaceAll(/[_\s-]+/g, "");
}
