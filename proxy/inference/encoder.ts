/** What the worker asks of a loaded model, whichever way it was loaded. */
import type { Classification } from "../core/signals.ts";

/** A loaded model: text in, every output out. */
export interface Encoder {
  /** Name and variant for records, e.g. "support-v1 (default)". */
  readonly name: string;
  readonly variant: string;
  /** Changes with everything that a text's embedding depends on, for keys of stored embeddings. */
  readonly digest: string;
  /** Throws when the run fails. */
  encode(text: string): Promise<Classification>;
}
