/** Text to token ids: the model's window of head and tail tokens, at a cost that does not grow with the text; used by the encoders in the worker. */
import { Tokenizer } from "@huggingface/tokenizers";

/** The window as the manifest gives it. */
export interface WindowShape {
  readonly maxTokens: number;
  readonly head: number;
  readonly tail: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly unkId: number;
}

/** A text as the model sees it. */
export interface Window {
  /** Special tokens included; at most `maxTokens` of them. */
  readonly ids: readonly number[];
  /** Share of unknown tokens among the text's own, in [0, 1]; 1 when there are none. */
  readonly unknownShare: number;
}

// A token is rarely over 16 characters, so most long texts are settled by the first step.
const firstCut = 2048;
const lastCut = 16_384;

/** Tokenises and cuts. Pure after construction. */
export class TextWindow {
  readonly #tokenizer: Tokenizer;
  readonly #shape: WindowShape;

  /** `json` is the content of a tokenizer.json; throws when it is not one. */
  constructor(json: string, shape: WindowShape) {
    const parsed: object = JSON.parse(json);
    this.#tokenizer = new Tokenizer(parsed, {});
    this.#shape = shape;
  }

  /** The window over a text of any length. */
  of(text: string): Window {
    const ids = this.#contentIds(text.trim());
    const { clsId, sepId, unkId } = this.#shape;
    const unknown = ids.reduce((count, id) => count + (id === unkId ? 1 : 0), 0);
    return {
      ids: [clsId, ...ids, sepId],
      unknownShare: ids.length === 0 ? 1 : unknown / ids.length,
    };
  }

  #contentIds(text: string): readonly number[] {
    if (text.length <= firstCut) return this.#fitted(this.#encoded(text));
    const { head, tail } = this.#shape;
    const first = this.#grown(text, head, headOf).slice(0, head);
    const last = this.#grown(text, tail, tailOf).slice(-tail);
    return [...first, ...last];
  }

  #fitted(ids: readonly number[]): readonly number[] {
    const { maxTokens, head, tail } = this.#shape;
    if (ids.length <= maxTokens - 2) return ids;
    return [...ids.slice(0, head), ...ids.slice(-tail)];
  }

  /** Tokens of a growing piece of the text until there are enough of them. */
  #grown(
    text: string,
    wanted: number,
    piece: (text: string, length: number) => string,
  ): readonly number[] {
    let ids: readonly number[] = [];
    for (let length = firstCut / 2; length <= lastCut; length *= 4) {
      ids = this.#encoded(piece(text, length));
      if (ids.length >= wanted || length >= text.length) break;
    }
    return ids;
  }

  #encoded(text: string): readonly number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
  }
}

// A word that the cut went through would give tokens that the whole text does not have.
function headOf(text: string, length: number): string {
  if (length >= text.length) return text;
  const cut = text.slice(0, length);
  const at = cut.search(/\s\S*$/u);
  return at > 0 ? cut.slice(0, at) : cut;
}

function tailOf(text: string, length: number): string {
  if (length >= text.length) return text;
  const cut = text.slice(-length);
  const at = cut.search(/\s/u);
  return at >= 0 && at < cut.length - 1 ? cut.slice(at + 1) : cut;
}
