/** Cuts an answer into the pieces that a stream sends one by one; used by the codecs. */

/** A word with the spaces and marks behind it; in every script, and never within a character. */
const segmenter = new Intl.Segmenter("und", { granularity: "word" });

/** Pieces of about one word each that join to exactly `text`; none for an empty text. */
export function wordPieces(text: string): readonly string[] {
  const pieces: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    const last = pieces.at(-1);
    if (isWordLike === true || last === undefined) pieces.push(segment);
    else pieces[pieces.length - 1] = last + segment;
  }
  return pieces;
}
