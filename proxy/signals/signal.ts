/** The contract of a signal: each file of this folder exports one, registry.ts lists them. */
import type { Policy } from "../core/policy.ts";
import type { RequestView } from "../core/request.ts";
import type { Searchable } from "./phrases.ts";

/** What cheap signals read. */
export interface CheapInput {
  readonly view: RequestView;
  readonly policy: Policy;
  /** The last user turn, or the turn that it approves; at most `limits.inspect` characters. */
  readonly whole: string;
  /** Its beginning and its end: enough for measures of style, and cheap however long the turn is. */
  readonly text: string;
  /** `text`, prepared for look-ups. */
  readonly searchable: Searchable;
}

/** One measure of a call. Pure, linear in the text. */
export interface Signal<Value> {
  readonly name: string;
  read(input: CheapInput): Value;
}
