/** A reply before it is sent: what a protocol writes and what faults act on. */

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A part of the body and the generated tokens it stands for, which decide when it is sent. */
export interface Frame {
  readonly text: string;
  readonly tokens: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: HeaderList;
  /** One frame for JSON; one an event for a stream. */
  readonly frames: readonly Frame[];
  readonly stream: boolean;
}

/** What a protocol needs to know of the call beyond its body. */
export interface CallContext {
  readonly seed: number;
  /** Counts calls from 1; makes identifiers differ. */
  readonly number: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Time to the first token, as the provider reports it. */
  readonly processingMs: number;
  /** Looks up a dictated answer. */
  readonly answer: (text: string, user: string | undefined) => string | undefined;
}

export function jsonReply(
  status: number,
  headers: HeaderList,
  body: unknown,
  tokens: number = 0,
): Reply {
  return {
    status,
    headers: [["content-type", "application/json"], ...headers],
    frames: [{ text: JSON.stringify(body), tokens }],
    stream: false,
  };
}

export function streamReply(headers: HeaderList, frames: readonly Frame[]): Reply {
  const head: HeaderList = [
    ["content-type", "text/event-stream; charset=utf-8"],
    ["cache-control", "no-cache"],
  ];
  return { status: 200, headers: [...head, ...headers], frames, stream: true };
}
