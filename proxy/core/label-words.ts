/** What applications call the labels that can be given; the reading of label calls and the label answers look here. */

/** Words for the labels of the sentiment head. */
const sentiments: ReadonlyMap<string, readonly string[]> = new Map([
  ["positive", ["positive", "pos"]],
  ["negative", ["negative", "neg"]],
  ["neutral", ["neutral", "neu"]],
]);

/** Words for what the escalation rule says. */
const escalations: ReadonlyMap<string, readonly string[]> = new Map([
  ["escalate", ["escalate", "escalation", "human", "agent"]],
  ["continue", ["continue", "no_escalation", "do_not_escalate", "routine", "normal", "bot"]],
]);

/** English names of the languages that can be told, by primary tag. */
export const languageNames: ReadonlyMap<string, string> = new Map([
  ["cs", "Czech"],
  ["da", "Danish"],
  ["de", "German"],
  ["el", "Greek"],
  ["en", "English"],
  ["es", "Spanish"],
  ["fi", "Finnish"],
  ["fr", "French"],
  ["he", "Hebrew"],
  ["hu", "Hungarian"],
  ["id", "Indonesian"],
  ["it", "Italian"],
  ["ja", "Japanese"],
  ["ko", "Korean"],
  ["nl", "Dutch"],
  ["no", "Norwegian"],
  ["pl", "Polish"],
  ["pt", "Portuguese"],
  ["ro", "Romanian"],
  ["ru", "Russian"],
  ["sv", "Swedish"],
  ["th", "Thai"],
  ["tr", "Turkish"],
  ["vi", "Vietnamese"],
  ["zh", "Chinese"],
]);

/** Every word that is `label` where a list, a schema or an example of the application says so; the first one is its name. */
export function wordsFor(head: string, label: string): readonly string[] {
  if (head === "sentiment") return sentiments.get(label) ?? [label];
  if (head === "escalation") return escalations.get(label) ?? [label];
  const name = head === "language" ? languageNames.get(label) : undefined;
  return name === undefined ? [label] : [name, label];
}

/** Whether a head always chooses one of its labels, so that it cannot say that none of them fits. */
export function isForced(head: string): boolean {
  return head === "sentiment" || head === "task" || head === "escalation";
}

/** A label as people write it, as a pattern: its parts joined, or not, by a blank, a hyphen or an underscore. */
export function patternOf(word: string): string {
  return word
    .split(/[_\s-]+/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(String.raw`[_\s-]?`);
}

/** A word without case and joints, for comparing. */
export function bare(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s-]+/g, "");
}
