/** Checks an edited policy for the page: every problem with its place, and what it changes; nothing is taken up. */
import type { Policy } from "../core/policy.ts";
import type { Loaded } from "../policy/load.ts";
import { objectIn } from "./json-text.ts";
import { jsonReply, problem, type SmallReply, type SmallRequest } from "./small-server.ts";
import type { FileDiff } from "./text-diff.ts";

/** What the paths about the policy's files ask for. */
export interface PolicyParts {
  /** Files and last loads. */
  readonly policySource: () => Promise<unknown>;
  /** The files of the policy in force, by path. */
  readonly policyFiles: () => readonly string[];
  /** Loads the policy with these texts in place of its files'. */
  readonly loadEdited: (edits: ReadonlyMap<string, string>) => Promise<Loaded>;
  /** What these texts change of those in force, by path. */
  readonly policyDiff: (edits: ReadonlyMap<string, string>) => Promise<readonly FileDiff[]>;
}

const usage =
  'POST {"files": {"PATH": "text"}} with paths of /policy, or the text of its one file.';

/** The reply to a check. */
export async function checkedPolicy(
  parts: PolicyParts,
  request: SmallRequest,
): Promise<SmallReply> {
  const edits = editsIn(request.body, parts.policyFiles());
  if (edits === null) return problem(400, usage);
  const loaded = await parts.loadEdited(edits);
  return jsonReply({
    isValid: loaded.ok,
    problems: loaded.ok ? [] : loaded.problems,
    summary: loaded.ok ? summaryOf(loaded.policy) : null,
    files: await parts.policyDiff(edits),
  });
}

/** Null for a body that names no file of the policy. */
function editsIn(body: Buffer, files: readonly string[]): ReadonlyMap<string, string> | null {
  const given = objectIn(body);
  if (given !== null && "files" in given) return namedEdits(given.files, files);
  const [only] = files;
  const text = body.toString("utf8");
  return only === undefined || text.trim() === "" ? null : new Map([[only, text]]);
}

function namedEdits(given: unknown, files: readonly string[]): ReadonlyMap<string, string> | null {
  const edits = new Map<string, string>();
  for (const [path, text] of Object.entries(given ?? {})) {
    if (typeof text !== "string" || !files.includes(path)) return null;
    edits.set(path, text);
  }
  return edits.size === 0 ? null : edits;
}

function summaryOf({ revision, mode, model, routes, intents, targets }: Policy): object {
  const counts = { routes: routes.length, intents: intents.length, targets: targets.size };
  return { revision, mode, model, ...counts };
}
