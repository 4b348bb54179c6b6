/** Which script a text is written in, as far as it decides who may read it; shared by signals and inference. */

const characters = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/gu;
const kana = /[\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** Characters that are looked at; more would not change the verdict. */
const sampleLength = 2000;

/** A foreign script makes the language when it has this share of the letters; a stray character does not. */
export const foreignShare = 0.3;

/** Whether kana and Chinese characters make up enough of the letters for the text to be Japanese or Chinese. */
export function isEastAsian(text: string): boolean {
  const sample = text.slice(0, sampleLength);
  const found = sample.match(characters)?.length ?? 0;
  return found > 0 && found >= foreignShare * (sample.match(/\p{L}/gu)?.length ?? 0);
}

/** Whether the text has kana, which only Japanese writes. */
export function hasKana(text: string): boolean {
  return kana.test(text);
}
