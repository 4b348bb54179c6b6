/** Matches the calls of the soak with the records in the sidecar's log: every call has to have one. */

import { is, object, string, literal } from "valibot";

const callLine = object({ event: literal("call"), id: string(), ending: string() });

export interface RecordCounts {
  /** Records in the log. */
  readonly records: number;
  /** Calls whose reply named an id that no record has. */
  readonly missing: number;
  /** Records of calls whose caller had left before it heard an id. */
  readonly unheard: number;
}

/** Holds only what has not met its other half yet. */
export class Records {
  #records = 0;
  readonly #heard = new Set<string>();
  readonly #recorded = new Set<string>();
  /** Events of the log other than calls, by name. */
  readonly events: Map<string, number> = new Map<string, number>();

  /** A line of the log. */
  line(text: string): void {
    const value = parsed(text);
    if (!is(callLine, value)) {
      this.#event(value);
      return;
    }
    this.#records += 1;
    if (!this.#heard.delete(value.id)) this.#recorded.add(value.id);
  }

  /** A reply has named this call. */
  heard(id: string): void {
    if (!this.#recorded.delete(id)) this.#heard.add(id);
  }

  get counts(): RecordCounts {
    return { records: this.#records, missing: this.#heard.size, unheard: this.#recorded.size };
  }

  #event(value: unknown): void {
    if (!is(object({ event: string() }), value)) return;
    this.events.set(value.event, (this.events.get(value.event) ?? 0) + 1);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
