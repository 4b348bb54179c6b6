/** A Japanese text as the characters that carry its topic and the small words that carry the rest; for character-index.ts and guard-japanese.ts. */
import { longestWord, smallWords, type Kind, type SmallWord } from "./japanese-particles.ts";
import { spelled } from "./japanese-variants.ts";

/** One character of the topic, one small word's meaning in capitals, or a verb's ending. */
export interface Token {
  readonly kind: "topic" | "meaning" | "ending";
  readonly text: string;
}

/** A text, read once. */
export interface JapaneseLine {
  /** One spelling, without courtesies. */
  readonly plain: string;
  readonly tokens: readonly Token[];
  /** All tokens: equal for texts that differ in politeness, spelling and punctuation only. Empty for a text that is too long to be a question. */
  readonly line: string;
  /** The topic's characters in order. */
  readonly topic: string;
  /** The endings of verbs and adjectives, each with the characters before it. */
  readonly inflected: readonly (readonly [stem: string, ending: string])[];
  /** Meanings of the small words. */
  readonly meanings: ReadonlySet<string>;
}

/** Longer texts are no questions of a FAQ; in characters. */
const longest = 300;
/** More kana after a kanji is a word of its own. */
const longestEnding = 2;

/** Requests in negative form, and verbs that only lead over to what is asked, in kana. */
const functional: readonly (readonly [RegExp, string])[] = [
  [/(?<=でき|もらえ|いただけ|くれ|あり)ません(?=(?:でしょう)?か)/gu, "ます"],
  [/でしょうか/gu, "ですか"],
  [/(?<=[ますせん])ですか/gu, "か"],
  [/教え(?=て)/gu, "おしえ"],
  [/知り(?=た)/gu, "しり"],
  [/聞き(?=た|し)/gu, "きき"],
  [/確認(?=したい)/gu, "かくにん"],
  [/お?願い(?=し|いた)/gu, "おねがい"],
  [/は(?:何|なん|なに)(?:です|でしょう|なの|になります)か?(?=[\s。.?!…]*$)/gu, "は"],
  [/(?:の)?(?:方法|仕方|やり方|手順)/gu, "ほうほう"],
  [/可能/gu, "かのう"],
  [/必要/gu, "ひつよう"],
  [/誰/gu, "だれ"],
  [/他(?=[のに])/gu, "ほか"],
  [/構(?=[わい])/gu, "かま"],
  [/大丈夫/gu, "だいじょうぶ"],
  [/開いて(?=い|る|ま)/gu, "あいて"],
  [/頃/gu, "ごろ"],
];

/** Reads a text; pure. */
export function readJapanese(text: string): JapaneseLine {
  const plain = spelled(text.slice(0, 4 * longest));
  const clean = withoutMarks(
    functional.reduce((rest, [from, to]) => rest.replaceAll(from, to), plain),
  );
  const tokens = plain.length > longest ? [] : settled(scanned(clean));
  return {
    plain,
    tokens,
    line: tokens.map(({ text: said }) => said).join(" "),
    topic: textOf(tokens, "topic"),
    inflected: inflectedOf(tokens),
    meanings: new Set(tokens.flatMap(({ kind, text: said }) => (kind === "meaning" ? [said] : []))),
  };
}

/** A blank for every mark that ends a clause, nothing for others; signs inside numbers and names stay. */
function withoutMarks(text: string): string {
  return text
    .replaceAll(/(?<=\d)[~〜](?=\d)/gu, "から")
    .replaceAll(/[\p{Extended_Pictographic}\p{Cf}\p{Sk}️](?<!\d)/gu, "")
    .replaceAll(/[・「」『』()【】"'“”‘’〜~♪♡☆★]/gu, "")
    .replaceAll(/(?<![\da-z])[.,](?![\da-z])|[、。!?…:;\s]+/gu, " ")
    .replaceAll(/(?<=[a-z\d]) (?=[^\sa-z\d])|(?<=[^\sa-z\d]) (?=[a-z\d])/gu, "")
    .trim();
}

function scanned(text: string): readonly Token[] {
  return [...text.matchAll(/\p{Script=Hiragana}+|[^\p{Script=Hiragana}\s]+/gu)].flatMap((found) => {
    const [piece] = found;
    if (!/^\p{Script=Hiragana}/u.test(piece)) return topicOf(piece);
    const before = text[found.index - 1] ?? " ";
    const after = text[found.index + piece.length] ?? " ";
    return kanaTokens(piece, before, after === " ");
  });
}

function topicOf(piece: string): readonly Token[] {
  return Array.from(piece, (text) => ({ kind: "topic", text }));
}

/** A run of kana: what belongs to the word before, or is a word itself, and then small words only. */
function kanaTokens(run: string, before: string, isEnd: boolean): readonly Token[] {
  const parser = new KanaParser(run, isEnd);
  for (let at = 0; at < run.length; at += 1) {
    const meanings = parser.from(at, at > 0 || before !== " " ? "topic" : "start");
    if (meanings !== null) return [...ownKana(run.slice(0, at), before), ...meanings];
  }
  return ownKana(run, before);
}

function ownKana(kana: string, before: string): readonly Token[] {
  if (kana === "") return [];
  const isEnding = /\p{Script=Han}/u.test(before) && kana.length <= longestEnding;
  return isEnding ? [{ kind: "ending", text: kana }] : topicOf(kana);
}

/** What stands before a place in a run. */
type Before = "start" | "topic" | Kind;

/** Finds small words that make up the rest of a run, longest first. */
class KanaParser {
  readonly #run: string;
  readonly #isEnd: boolean;
  readonly #known = new Map<string, readonly Token[] | null>();

  constructor(run: string, isEnd: boolean) {
    this.#run = run;
    this.#isEnd = isEnd;
  }

  /** Null when the rest is not made of small words. */
  from(at: number, before: Before): readonly Token[] | null {
    if (at === this.#run.length) return [];
    const key = `${at} ${before}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#search(at, before);
    this.#known.set(key, found);
    return found;
  }

  #search(at: number, before: Before): readonly Token[] | null {
    const most = Math.min(this.#run.length, at + longestWord);
    for (let end = most; end > at; end -= 1) {
      const word = this.#run.slice(at, end);
      for (const small of smallWords.get(word) ?? []) {
        if (!this.#mayStand(small, word, end, before)) continue;
        const rest = this.from(end, small.kind);
        if (rest !== null) return [...meaningsOf(small), ...rest];
      }
    }
    return null;
  }

  #mayStand({ kind }: SmallWord, word: string, end: number, before: Before): boolean {
    switch (kind) {
      case "word":
        return true;
      case "verb":
        return before !== "topic";
      case "final":
        return this.#isEnd && (end === this.#run.length || before !== "start");
      case "particle":
        return before !== "start" && before !== "particle";
      case "ending":
        return word.length > 1 || (before !== "start" && before !== "particle");
    }
  }
}

function meaningsOf({ meaning }: SmallWord): readonly Token[] {
  return meaning.map((text) => ({ kind: "meaning", text }));
}

/**
 * A subject is told by its place, unless an object stands beside it. Of what one can or wants to do, subject and
 * object are marked alike.
 */
function settled(tokens: readonly Token[]): readonly Token[] {
  const has = (mark: string): boolean => tokens.some(({ text }) => text === mark);
  if (has("GA") && has("WO")) return tokens;
  const isAlike = has("CAN") || has("WANT");
  return tokens.filter(({ text }) => text !== "GA" && !(isAlike && text === "WO"));
}

function textOf(tokens: readonly Token[], wanted: Token["kind"]): string {
  return tokens.flatMap(({ kind, text }) => (kind === wanted ? [text] : [])).join("");
}

function inflectedOf(tokens: readonly Token[]): readonly (readonly [string, string])[] {
  return tokens.flatMap(({ kind, text }, at) =>
    kind === "ending" ? [[textOf(tokens.slice(0, at), "topic"), text] as const] : [],
  );
}
