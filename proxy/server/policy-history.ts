/** The last loads of the policy, good and refused, each with what had changed in its files; kept for the page, in bounded memory. */
import type { Policy } from "../core/policy.ts";
import type { PolicyText } from "../policy/load.ts";
import { formatProblem, type Problem } from "../policy/problem.ts";
import { masked } from "../policy/secret-mask.ts";
import type { GoodPolicy, Refused } from "../policy/watch.ts";
import { withoutSecrets } from "../telemetry/fault-summary.ts";
import { fileDiffs, type FileDiff } from "./text-diff.ts";

/** Most loads that are kept, and the longest text of a file and of a whole policy that is. */
const mostLoads = 10;
const mostCharacters = 262_144;

/** One load, as it is shown. */
export interface LoadPage {
  /** ISO 8601. */
  readonly at: string;
  readonly revision: string;
  readonly outcome: "loaded" | "refused";
  readonly problems: readonly string[];
  /** Against what was in force; null for the first load. */
  readonly files: readonly FileDiff[] | null;
}

/** Stands for a text that is not kept. */
const tooLong = "\u0000";

/** A file as it is shown; null when it is too long. */
export interface ShownText {
  readonly path: string;
  readonly text: string | null;
}

interface Load extends Omit<LoadPage, "files"> {
  readonly policy: Policy | null;
  readonly texts: readonly PolicyText[];
  readonly before: readonly PolicyText[] | null;
}

/** Fed by the sidecar. */
export class PolicyHistory {
  #loads: readonly Load[] = [];
  #revision: string | null = null;
  #inForce: readonly PolicyText[] | null = null;

  loaded(next: GoodPolicy): void {
    const { policy, revision } = next;
    if (revision === this.#revision) return;
    this.#revision = revision;
    const texts = bounded(next.texts);
    const before = this.#inForce;
    this.#add({ revision, policy, texts, before, outcome: "loaded", problems: [] });
    this.#inForce = texts;
  }

  refused(problems: readonly Problem[], { texts, revision }: Refused): void {
    const why = { texts: bounded(texts), problems: problems.map(formatProblem) };
    // Files that only the routes of a broken text would have named were not looked at.
    const before = only(this.#inForce ?? [], texts);
    this.#add({ revision, policy: null, outcome: "refused", before, ...why });
  }

  /** A policy that was in force a while ago; null when it is not remembered. */
  policyOf(revision: string): Policy | null {
    const load = this.#loads.find((one) => one.revision === revision && one.policy !== null);
    return load?.policy ?? null;
  }

  /** The files of the policy in force, credentials masked. */
  texts(): readonly ShownText[] {
    return shown(this.#inForce ?? []);
  }

  /** What these texts would change if they stood in the files. */
  diffOf(texts: readonly PolicyText[]): Promise<readonly FileDiff[]> {
    return fileDiffs(only(this.texts(), texts), shown(bounded(texts)));
  }

  /** Newest first. */
  page(): Promise<readonly LoadPage[]> {
    return Promise.all(
      this.#loads.map(async ({ at, revision, outcome, problems, texts, before }) => {
        const files = before === null ? null : await fileDiffs(shown(before), shown(texts));
        return { at, revision, outcome, problems, files };
      }),
    );
  }

  #add(load: Omit<Load, "at">): void {
    const whole = { ...load, at: new Date().toISOString() };
    this.#loads = [whole, ...this.#loads].slice(0, mostLoads);
  }
}

/** Those whose path is among the others'. */
function only<Text extends Pick<PolicyText, "path">>(
  texts: readonly Text[],
  others: readonly PolicyText[],
): readonly Text[] {
  return texts.filter(({ path }) => others.some((other) => other.path === path));
}

/** The same texts, without those for which there is no room. */
function bounded(texts: readonly PolicyText[]): readonly PolicyText[] {
  let left = mostCharacters;
  return texts.map((one) => {
    left -= one.text.length;
    return left < 0 ? { path: one.path, text: tooLong } : one;
  });
}

/** Credentials are taken out when somebody looks, not while a policy is taken up. */
function shown(texts: readonly PolicyText[]): readonly ShownText[] {
  return texts.map(({ path, text }) => {
    return { path, text: text === tooLong ? null : withoutSecrets(masked(text)) };
  });
}
