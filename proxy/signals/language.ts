/** language: the tag of the language that the text seems to be in, from its script and its small words. */
import type { Signal } from "./signal.ts";

/** Scripts that tell the language, in the order in which they are tried. */
const scripts: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, "ja"],
  [/\p{Script=Hangul}/u, "ko"],
  [/\p{Script=Han}/u, "zh"],
  [/\p{Script=Thai}/u, "th"],
  [/\p{Script=Arabic}/u, "ar"],
  [/\p{Script=Hebrew}/u, "he"],
  [/\p{Script=Greek}/u, "el"],
  [/\p{Script=Devanagari}/u, "hi"],
  [/[іїєґ]/iu, "uk"],
  [/\p{Script=Cyrillic}/u, "ru"],
];

/** Small and greeting words that are common in one language and rare in the others. */
const smallWords: ReadonlyMap<string, readonly string[]> = new Map([
  [
    "en",
    "the is are was were you your my me i it what how where when who why can could do does did to of and for with this that have has not on in at be please thanks thank hello hi hey good morning evening there want need help order refund".split(
      " ",
    ),
  ],
  [
    "es",
    "el la los las un una de que en es está son por para con mi su como cómo qué dónde cuándo puedo quiero tengo hola gracias buenos buenas días tardes noches pedido ayuda no se y mis".split(
      " ",
    ),
  ],
  [
    "de",
    "der die das ein eine ist sind und ich sie mein meine wie was wo wann kann können nicht mit für auf von zu bitte danke hallo guten tag morgen abend möchte habe bestellung hilfe es den dem".split(
      " ",
    ),
  ],
  [
    "fr",
    "le la les un une des est sont et je vous mon ma mes comment quoi où quand puis peux pas avec pour sur dans de du merci bonjour salut bonsoir voudrais commande aide que qui ce cette c'est j'ai".split(
      " ",
    ),
  ],
  [
    "it",
    "il lo gli un una di che è sono e io mio mia come cosa dove quando posso non con per su da grazie ciao buongiorno buonasera vorrei ho ordine aiuto questo".split(
      " ",
    ),
  ],
  [
    "pt",
    "o a os as um uma de que é são e eu meu minha como onde quando posso não com para por em obrigado obrigada olá oi bom boa dia tarde noite quero tenho pedido ajuda você".split(
      " ",
    ),
  ],
  [
    "nl",
    "de het een is zijn en ik je u mijn hoe wat waar wanneer kan niet met voor op van naar bedankt hallo goedemorgen dag wil heb bestelling hulp dit dat".split(
      " ",
    ),
  ],
]);

/** Which languages each small word belongs to. */
const languagesOf: ReadonlyMap<string, readonly string[]> = invert(smallWords);

/** A primary tag such as `en`, or `und` where nothing speaks clearly for one language. */
export const language: Signal<string> = {
  name: "language",
  read: ({ text, searchable }) => byScript(text) ?? byWords(searchable.spaced),
};

/** A foreign script tells at once when it makes up enough of the letters; a stray character does not. */
function byScript(text: string): string | null {
  const sample = text.slice(0, 2000);
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return null;
  const latin = sample.match(/\p{Script=Latin}/gu)?.length ?? 0;
  if (letters - latin < letters * 0.2) return null;
  return scripts.find(([pattern]) => pattern.test(sample))?.[1] ?? "und";
}

function byWords(spaced: string): string {
  const words = spaced.trim().slice(0, 2000).split(" ");
  const [best, second] = [...counted(words)].toSorted(([, one], [, other]) => other - one);
  if (best === undefined || best[1] === second?.[1]) return "und";
  // One small word of another language in a sentence is more often a name or a slip than that language.
  const isStray = best[0] !== "en" && best[1] < 1.5 && words.length > 2;
  return isStray ? "und" : best[0];
}

/** How often each language's words occur; a word of several languages counts for each in part. */
function counted(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) {
    const languages = languagesOf.get(word) ?? [];
    for (const tag of languages) counts.set(tag, (counts.get(tag) ?? 0) + 1 / languages.length);
  }
  return counts;
}

function invert(
  byLanguage: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const inverted = new Map<string, string[]>();
  for (const [tag, list] of byLanguage) {
    for (const word of new Set(list)) inverted.set(word, [...(inverted.get(word) ?? []), tag]);
  }
  return inverted;
}
