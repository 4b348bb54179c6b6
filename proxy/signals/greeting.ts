/** greeting: whether a text is nothing but a greeting; the model's word for it alone is not enough to answer. */

/** Openings of a conversation; a text without one is no greeting, whatever the model says. */
const openings =
  /(?<![\p{L}\d])(?:hello|hel+o+|hi+|hiya|hey+|heya|howdy|yo|sup|greetings|salutations|good\s+(?:morning|afternoon|evening|day)|g'?day|morning|evening|what'?s\s+up|hola|buen[oa]s(?:\s+(?:d[ií]as|tardes|noches))?|bonjour|bonsoir|salut|hallo|guten\s+(?:morgen|tag|abend)|moin|servus|ciao|buongiorno|buonasera|ol[aá]|bom\s+dia|boa\s+(?:tarde|noite)|hoi|goedemorgen|goedemiddag|namaste|salaam|shalom)(?![\p{L}\d])/giu;

/** What people add to a greeting without asking for anything. */
const courtesies =
  /(?<![\p{L}\d])(?:there|all|everyone|everybody|folks|guys|team|friend|friends|mate|buddy|dear|sir|madam|ma'?am|support|bot|assistant|again|to\s+you|how\s+are\s+you(?:\s+(?:doing|today))*|how(?:'?s|\s+is)\s+(?:it\s+going|your\s+day|everything|life)|how\s+do\s+you\s+do|hope\s+(?:you(?:'?re|\s+are)|all\s+is)\s+(?:well|good)|nice\s+to\s+meet\s+you|pleased\s+to\s+meet\s+you|is\s+(?:anyone|anybody|someone)\s+(?:there|here|around)|are\s+you\s+there|anyone\s+(?:there|here|around)|today|please|can\s+you\s+help(?:\s+me)?|i\s+need\s+(?:some\s+)?help|i\s+have\s+a\s+(?:quick\s+)?question|oh|um|well|and|a|very|qu[eé]\s+tal|wie\s+geht'?s|comment\s+[cç]a\s+va|[cç]a\s+va)(?![\p{L}\d])/giu;

/** Words that may be left over, e.g. the assistant's name. */
const mostOtherWords = 1;

/** Whether a word of greeting opens the text and next to nothing else stands in it. */
export function isGreeting(text: string): boolean {
  if (text.length > 200) return false;
  const greetings = text.match(openings);
  if (greetings === null) return false;
  const rest = text.replaceAll(openings, " ").replaceAll(courtesies, " ");
  return (rest.match(/[\p{L}\p{N}]+/gu)?.length ?? 0) <= mostOtherWords;
}
