/** Finds the smallest changes of an answer's own bounds that would make it speak or be silent; counterfactual.ts tries them. Pure. */
import type { AnswerSpec, Bound } from "../core/policy.ts";
import type { AnswerAccount } from "../core/ports.ts";
import {
  down,
  isBounded,
  isWithin,
  shareFor,
  slackOf,
  up,
  written,
  type BoundedAnswer,
} from "./bounds.ts";
import type { Change, Turned } from "./remedy.ts";

/** The answer with its bounds just wide enough for what was measured; null where no bound is in the way. */
export function widened(spec: AnswerSpec, account: AnswerAccount): Turned<AnswerSpec> | null {
  if (!isBounded(spec)) return null;
  const { confidence, wrong } = account;
  const changes: Change[] = [];
  let made: BoundedAnswer = spec;
  if (spec.confidence !== null && !isWithin(confidence, spec.confidence)) {
    const least = { op: ">=", value: down(confidence) } as const;
    made = { ...made, confidence: least };
    changes.push(changed("confidence", confidence, spec.confidence, least));
  }
  if (isTooMuch(spec, wrong)) {
    const share = shareFor(wrong, "true");
    if (share === null) return null;
    made = { ...made, maxWrong: share.value };
    changes.push(changed("max_wrong", wrong, shareOf(spec), share));
  }
  return changes.length === 0 ? null : { of: made, changes, slack: 0 };
}

/** The answer with the bound that is met most narrowly set just beyond what was measured; null without a bound. */
export function narrowed(spec: AnswerSpec, account: AnswerAccount): Turned<AnswerSpec> | null {
  if (!isBounded(spec)) return null;
  const ways = [lessSure(spec, account.confidence), lessWrong(spec, account.wrong)];
  const made = ways.filter((way) => way !== null);
  return made.toSorted((a, b) => a.slack - b.slack)[0] ?? null;
}

function lessSure(spec: BoundedAnswer, confidence: number): Turned<AnswerSpec> | null {
  if (spec.confidence === null) return null;
  const is = { op: ">", value: up(confidence) } as const;
  return {
    of: { ...spec, confidence: is },
    changes: [changed("confidence", confidence, spec.confidence, is)],
    slack: slackOf(confidence, spec.confidence),
  };
}

function lessWrong(spec: BoundedAnswer, wrong: number): Turned<AnswerSpec> | null {
  const was = shareOf(spec);
  const share = shareFor(wrong, "false");
  if (was === null || share === null) return null;
  return {
    of: { ...spec, maxWrong: share.value },
    changes: [changed("max_wrong", wrong, was, share)],
    slack: slackOf(wrong, was),
  };
}

/** A FAQ that names no share has the index's own, of which the trial tells whether it was in the way. */
function isTooMuch(spec: BoundedAnswer, wrong: number): boolean {
  return spec.maxWrong === null ? spec.kind === "faq" : wrong > spec.maxWrong;
}

function shareOf(spec: BoundedAnswer): Bound | null {
  return spec.maxWrong === null ? null : { op: "<=", value: spec.maxWrong };
}

function changed(
  key: "confidence" | "max_wrong",
  value: number,
  was: Bound | null,
  to: Bound,
): Change {
  const isShare = key === "max_wrong";
  const before = was === null ? null : written(was, isShare);
  return { key, in: "answer", isNested: false, value, was: before, to: written(to, isShare) };
}
