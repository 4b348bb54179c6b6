/** The contract of a signal: each file of this folder exports one, registry.ts lists them. */
import type { Policy } from "../core/policy.ts";
import type { RequestView } from "../core/request.ts";
import type { Searchable } from "./phrases.ts";

/** What cheap signals read; at most `limits.inspect` characters of the last user turn. */
export interface CheapInput {
  readonly view: RequestView;
  readonly policy: Policy;
  readonly text: string;
  readonly searchable: Searchable;
}

/** One measure of a call. Pure, linear in the text. */
export interface Signal<Value> {
  readonly name: string;
  read(input: CheapInput): Value;
}
