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

/** The same reply; `done` is called once it is complete, and not at all for one that is cut, too large or not decodable. */
export function collected(
  reply: Relay,
  done: (whole: Collected) => Promise<void>,
  failed: (fault: unknown) => void,
): Relay {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const tap = (chunk: Buffer): void => {
    reply.tap?.(chunk);
    bytes += chunk.length;
    if (bytes <= largestBytes) chunks.push(chunk);
    else chunks.length = 0;
  };
  const ended: Relay["ended"] = (ending) => {
    reply.ended(ending);
    if (ending.kind !== "complete" || bytes > largestBytes) return;
    decoded(reply, Buffer.concat(chunks), done).catch(failed);
  };
  return { ...reply, tap, ended };
}

async function decoded(
  { upstream }: Relay,
  coded: Buffer,
  done: (whole: Collected) => Promise<void>,
): Promise<void> {
  const { headers } = upstream;
  const body = await decodeBody(coded, headers, largestBytes);
  if (body.kind !== "decoded") return;
  const contentType = headerValue(headers, "content-type") ?? "";
  const isStream = contentType.startsWith("text/event-stream");
  await done({ contentType, body: body.bytes, isStream });
}
