/** keywords: which of the policy's keyword groups the last user turn hits. */
import type { Signal } from "./signal.ts";
import { contains } from "./phrases.ts";

/** Group names in the policy's order. */
export const keywords: Signal<readonly string[]> = {
  name: "keywords",
  read: ({ policy, searchable }) => {
    const hit: string[] = [];
    for (const [group, words] of policy.keywords) {
      if (words.some((word) => contains(searchable, word))) hit.push(group);
    }
    return hit;
  },
};
