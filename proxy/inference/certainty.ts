/** How sure matches are whatever was measured, and how sure those by characters are; used by intents.ts and faq.ts. */
import { probability } from "../core/brand.ts";
import { judged, type Calibration, type Judged } from "./calibration.ts";
import { characterFeatureNames, type CharacterMatch } from "./character-matcher.ts";

/** Nothing to answer on. */
export const unsure: Judged = { confidence: probability(0), wrong: probability(1) };

/** A sentence of the policy's own, word for word: what is left is that its author erred. */
export const sure: Judged = { confidence: probability(0.995), wrong: probability(0.002) };

/** Without a calibration nothing but the policy's own sentences is certain. */
export function judgedByCharacters(match: CharacterMatch, calibration: Calibration | null): Judged {
  if (match.isExact) return sure;
  const model = calibration?.characters ?? null;
  return model === null ? unsure : judged(model, match.features, characterFeatureNames);
}
