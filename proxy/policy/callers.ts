/** Compiles the callers that a policy lets in; compile.ts calls it. */
import type { CallerRule } from "../core/policy.ts";
import type { Context } from "./context.ts";
import type { RawCaller } from "./schema-callers.ts";

/** Null where the policy names none; a gateway has to name some. */
export function callersFrom(
  raw: Readonly<Record<string, RawCaller>> | undefined,
  context: Context,
  isNeeded: boolean,
): readonly CallerRule[] | null {
  if (raw === undefined) {
    // Written and wrong is told already.
    const isWritten = context.keys([]).includes("callers");
    if (isNeeded && !isWritten) context.report([], "a gateway lets nobody in without `callers`");
    return null;
  }
  const callers = Object.entries(raw).map(([name, { sha256 }]) => ({ name, hashes: sha256 }));
  if (context.keys(["callers"]).length === 0)
    context.report(["callers"], "this map names no caller");
  reportShared(callers, context);
  return callers;
}

/** A key that two callers have does not say who calls. */
function reportShared(callers: readonly CallerRule[], context: Context): void {
  const owners = new Map<string, string>();
  for (const { name, hashes } of callers) {
    for (const hash of hashes) {
      const owner = owners.get(hash);
      if (owner !== undefined && owner !== name) {
        context.report(["callers", name, "sha256"], `the caller \`${owner}\` has this key too`);
      }
      owners.set(hash, name);
    }
  }
}
