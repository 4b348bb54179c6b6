/** The schema of callers: who may call, each by the hashes of its keys. */
import * as v from "valibot";
import { ownName } from "./schema-intents.ts";
import { dictionary, form, map, oneOrMore, requiredKey, type Schema } from "./schema-values.ts";

/** A caller as written, its hashes in lower case. */
export interface RawCaller {
  readonly sha256: readonly string[];
}

const hash: Schema<string> = v.pipe(
  form(/^[0-9a-fA-F]{64}$/, "expected 64 hexadecimal digits, as `sidestep key` prints them"),
  v.transform((hex) => hex.toLowerCase()),
);

const caller: Schema<RawCaller> = map({
  sha256: requiredKey(
    oneOrMore(hash),
    "SHA-256 of the caller's key, in hexadecimal and in quotes; several while keys are exchanged.",
  ),
});

/** Callers by name. */
export const callers: Schema<Record<string, RawCaller>> = dictionary(ownName, caller);
