/** collect: a copy of a provider's reply as it passes, for what is to be done with it once it is whole; used by remember and verify. */
import { headerValue } from "../core/http.ts";
import type { Reply } from "../core/reply.ts";
import { decodeBody } from "../wire/encoding.ts";

/** A provider's reply on its way to the caller. */
export type Relay = Extract<Reply, { kind: "relay" }>;

/** Replies above this size are not kept. */
const largestBytes = 1024 * 1024;

/** A whole reply without its content coding. */
export interface Collected {
  readonly contentType: string;
  readonly body: Buffer;
  readonly isStream: boolean;
}

/** Bytes that are held of replies that have not ended. */
export interface UnderWay {
  bytes: number;
}

/** What becomes of a reply. */
export interface Collecting {
  /** Called once it is complete, and not at all for one that is cut, too large or not decodable. */
  readonly done: (whole: Collected) => Promise<void>;
  readonly failed: (fault: unknown) => void;
  /** Called instead of `done` where that is not. */
  readonly lost?: () => void;
  /** A bound on what several replies hold together; left out there is none but each one's own. */
  readonly within?: { readonly underWay: UnderWay; readonly maxBytes: number };
}

/** The same reply, with what becomes of its copy. */
export function collected(reply: Relay, collecting: Collecting): Relay {
  const { failed, within, lost = unheard } = collecting;
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isKept = true;
  const letGo = (): void => {
    if (within !== undefined) within.underWay.bytes -= bytes;
    isKept = false;
  };
  const tap = (chunk: Buffer): void => {
    reply.tap?.(chunk);
    if (!isKept) return;
    chunks.push(chunk);
    bytes += chunk.length;
    if (within !== undefined) within.underWay.bytes += chunk.length;
    if (bytes <= largestBytes && !isOver(within)) return;
    chunks.length = 0;
    letGo();
  };
  const ended: Relay["ended"] = (ending) => {
    reply.ended(ending);
    if (!isKept) return lost();
    letGo();
    if (ending.kind !== "complete") return lost();
    decoded(reply, Buffer.concat(chunks), collecting).catch(failed);
  };
  return { ...reply, tap, ended, needsCall: true };
}

function isOver(within: Collecting["within"]): boolean {
  return within !== undefined && within.underWay.bytes > within.maxBytes;
}

async function decoded(
  { upstream }: Relay,
  coded: Buffer,
  { done, lost }: Collecting,
): Promise<void> {
  const { headers } = upstream;
  const body = await decodeBody(coded, headers, largestBytes);
  if (body.kind !== "decoded") return lost?.();
  const contentType = headerValue(headers, "content-type") ?? "";
  const isStream = contentType.startsWith("text/event-stream");
  await done({ contentType, body: body.bytes, isStream });
}

function unheard(): void {}
