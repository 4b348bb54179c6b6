/** keywords: which of the policy's keyword groups the last user turn hits. */
import type { Policy } from "../core/policy.ts";
import { isIn, lowered, phraseOf, type Phrase } from "./phrases.ts";
import type { Signal } from "./signal.ts";

type Groups = ReadonlyMap<string, readonly Phrase[]>;

/** Prepared once for each policy. */
const prepared: WeakMap<Policy, Groups> = new WeakMap();

/** Group names in the policy's order; the whole text counts, since a group may be what forbids an answer. */
export const keywords: Signal<readonly string[]> = {
  name: "keywords",
  read: ({ policy, whole }) => {
    const lower = lowered(whole);
    const hit: string[] = [];
    for (const [group, phrases] of groupsOf(policy)) {
      if (phrases.some((phrase) => isIn(lower, phrase))) hit.push(group);
    }
    return hit;
  },
};

function groupsOf(policy: Policy): Groups {
  const known = prepared.get(policy);
  if (known !== undefined) return known;
  const groups = new Map(
    [...policy.keywords].map(([group, words]) => [group, words.map(phraseOf)] as const),
  );
  prepared.set(policy, groups);
  return groups;
}
