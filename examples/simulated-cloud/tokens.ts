/** Splits text into pieces of about the size of a provider's tokens; counts and streams use the same pieces. */

const PIECE = /\s*[\p{L}\p{N}\p{M}]{1,6}|\s*[^\s\p{L}\p{N}\p{M}]|\s+/gu;

/** The pieces joined together are the text again. */
export function tokenize(text: string): readonly string[] {
  return text.match(PIECE) ?? [];
}

export function countTokens(text: string): number {
  return tokenize(text).length;
}
