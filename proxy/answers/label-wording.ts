/** What comes of a label's wording: the reply's text, or the reason why there is none; shared by the files that form labels. */
import type { Said } from "../core/ports.ts";
import type { Wording } from "./label-options.ts";

/** The reply's text, or why it is not plain what it should be. */
export type Formed =
  | { readonly kind: "text"; readonly text: string }
  | Extract<Said, { kind: "decline" }>;

export const unknownForm: Formed = { kind: "decline", reason: "label_format_unknown" };
const notOffered: Formed = { kind: "decline", reason: "label_not_offered" };

/** Why a label cannot be worded. */
export function noWord(wording: Exclude<Wording, { kind: "word" }>): Formed {
  switch (wording.kind) {
    case "not-offered":
      return notOffered;
    case "foreign":
      return { kind: "decline", reason: "label_foreign" };
    case "unlisted":
    case "unclear":
      return unknownForm;
  }
}
