/** What an application asks for besides a label, read off its instructions; label-form.ts asks. */
import { isForced } from "../core/label-words.ts";

/** What the application asks for, without what it forbids: "no explanation" asks for none. */
export function wishesOf(prompt: string): string {
  return prompt.replaceAll(
    /\b(?:no|without|do not|don['’]t|never|nothing|avoid)\b[^.;:!?\n]{0,100}/giu,
    " ",
  );
}

/** Whether the application wants something else than the label of the whole text, bare. */
export function wantsElse(wishes: string, word: string): boolean {
  return wantsMore(wishes) || partOnly.test(wishes) || wantsOtherForm(wishes, word);
}

/** Whether the application wants more than the label. */
export function wantsMore(prompt: string): boolean {
  return /\b(?:explain|explanation|why|reason|reasoning|justif\w+|scores?|confidence|rating|rate\b[^.\n]{0,60}\d|percent\w*|probabilit\w+|summar\w+|each|every|both|also|translat\w+|then|followed by|add|include|emojis?|sentences?|paragraphs?)\b/iu.test(
    prompt,
  );
}

/** Words that ask for something else than how the text as a whole sounds. */
export const partOnly: RegExp =
  /\b(?:towards?|regarding|concerning|with (?:regard|respect) to|focus\w*|aspects?|points? of view|viewpoint|perspective)\b/iu;

/** Words that ask for the label in a form of its own: a number for it, a letter, marks around it, another language. */
const otherForm =
  /\b(?:numbers?|numeric\w*|numerals?|digits?|integers?|index|indices|codes?|letters?|initials?|abbreviat\w+|capitali[sz]\w*|symbols?|xml|html|tags?|yaml|csv|markdown|bold|asterisks?|prefix\w*|suffix\w*|period|full stop|format|form|template|begin(?:s|ning)? with|start(?:s|ing)? with|end(?:s|ing)? with|twice|times|spanish|french|german|italian|portuguese|dutch|japanese|chinese|korean|russian|arabic|hindi)\b|<\/?\w+>|\{\w+\}|\[\w+\]/iu;

function wantsOtherForm(prompt: string, word: string): boolean {
  if (otherForm.test(prompt)) return true;
  const wantsUpper = /\b(?:upper-?\s?case|all caps|capitals?)\b/iu.test(prompt);
  const wantsLower = /\blower-?\s?case\b/iu.test(prompt);
  return (wantsUpper && word !== word.toUpperCase()) || (wantsLower && word !== word.toLowerCase());
}

/** Words for a label that the listed ones do not cover, wherever they stand. */
const waysOut =
  /\b(?:mixed|ambiguous|ambivalent|unknown|unclear|unsure|undetermined|inconclusive|irrelevant|not sure|not applicable|n\/a|cannot (?:tell|determine)|can['’]t tell|otherwise|(?:if|when) (?:none|neither|it is not|the text is not))\b/iu;

/** Whether a text might get another answer than the labels of a head that always chooses one. */
export function wantsWayOut(head: string, wishes: string): boolean {
  return isForced(head) && waysOut.test(wishes);
}
