/** How long the data listener waits for callers; each default leaves room for a call of ten minutes. */

/** Limits in milliseconds. */
export interface ServerTimeouts {
  /** For a request's head, from its first byte on. */
  readonly headMs: number;
  /** For the next call on an idle connection; above every client's own habit, so that the client closes first. */
  readonly idleMs: number;
  /** For the next byte of a body that is being read, and for a stalled caller to take the next byte. */
  readonly stallMs: number;
  /** For what is left of a body, or of a tunnel, after the other side is done. */
  readonly lingerMs: number;
}

/** The limits that hold unless others are given. */
export const defaultTimeouts: ServerTimeouts = {
  headMs: 60_000,
  idleMs: 610_000,
  stallMs: 900_000,
  lingerMs: 30_000,
};
