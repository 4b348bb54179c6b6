/** greeting: whether a text is nothing but a greeting; the model's word for it alone is not enough to answer. */

/** Openings of a conversation; a text without one is no greeting, whatever the model says. */
const openings =
  /(?<![\p{L}\d])(?:hello|hel+o+|hi+|hiya|hey+|heya|howdy|yo|sup|greetings|salutations|good\s+(?:morning|afternoon|evening|day)|g'?day|morning|evening|what'?s\s+up|hola|buen[oa]s(?:\s+(?:d[ií]as|tardes|noches))?|bonjour|bonsoir|salut|hallo|guten\s+(?:morgen|tag|abend)|moin|servus|ciao|buongiorno|buonasera|ol[aá]|bom\s+dia|boa\s+(?:tarde|noite)|hoi|goedemorgen|goedemiddag|namaste|salaam|shalom)(?![\p{L}\d])/giu;

/** What people add to a greeting without asking for anything. */
const courtesies =
  /(?<![\p{L}\d])(?:there|all|everyone|everybody|folks|guys|team|friend|friends|mate|buddy|dear|sir|madam|ma'?am|support|bot|assistant|again|to\s+you|how\s+are\s+you(?:\s+(?:doing|today))*|how(?:'?s|\s+is)\s+(?:it\s+going|your\s+day|everything|life)|how\s+do\s+you\s+do|hope\s+(?:you(?:'?re|\s+are)|all\s+is)\s+(?:well|good)|nice\s+to\s+meet\s+you|pleased\s+to\s+meet\s+you|is\s+(?:anyone|anybody|someone)\s+(?:there|here|around)|are\s+you\s+there|anyone\s+(?:there|here|around)|today|please|can\s+you\s+help(?:\s+me)?|i\s+need\s+(?:some\s+)?help|i\s+have\s+a\s+(?:quick\s+)?question|oh|um|well|and|a|very|qu[eé]\s+tal|wie\s+geht'?s|comment\s+[cç]a\s+va|[cç]a\s+va)(?![\p{L}\d])/giu;

/** Words that may be left over, e.g. the assistant's name. */
const mostOtherWords = 1;

const japaneseOpening =
  "こんにち[はわ]|今日は|こんばん[はわ]|今晩は|おはよう(?:ございます)?|お早うございます|はじめまして|初めまして|どうも|もしもし|やあ|ハロー|ごきげんよう|(?:いつも)?お世話に(?:なっております|なってます|なります)|お疲れ様です|(?:どうぞ|何卒)?(?:よろしく|宜しく)(?:お願い(?:し|いたし|致し|申し上げ)ます)?(?:ね)?";
const japaneseCourtesy =
  "みなさん|皆さん|みな様|皆様|お元気ですか|元気ですか|お元気でしょうか|いい天気ですね|(?:ちょっと|少し)?(?:質問|聞きたいこと|お聞きしたいこと|伺いたいこと|お伺いしたいこと|相談したいこと)が?(?:あります|あるのですが|あるんですが)|(?:今|少し|ちょっと)(?:いい|よろしい)ですか|初めて利用します|です";
const japaneseGreeting = new RegExp(
  `^(?=.*(?:${japaneseOpening}))(?:${japaneseOpening}|${japaneseCourtesy})+$`,
  "u",
);

/** The same without any other word, in languages that the model does not read. */
export function isNothingButGreeting(text: string): boolean {
  if (text.length > 200) return false;
  const letters = text.normalize("NFKC").replaceAll(/[^\p{L}\p{N}]+/gu, "");
  if (japaneseGreeting.test(letters)) return true;
  return text.match(openings) !== null && otherWords(text) === 0;
}

/** Whether a word of greeting opens the text and next to nothing else stands in it. */
export function isGreeting(text: string): boolean {
  if (text.length > 200) return false;
  return text.match(openings) !== null && otherWords(text) <= mostOtherWords;
}

function otherWords(text: string): number {
  const rest = text.replaceAll(openings, " ").replaceAll(courtesies, " ");
  return rest.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
}
