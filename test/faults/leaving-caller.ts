/** Callers who leave at a moment of the test's choice, in each of the ways in which one can leave. */
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import { bytesOf, http2Of, type FaultCall } from "./calls.ts";

/** A caller whose request is under way. */
export interface LeavingCaller {
  /** Everything that came so far, as latin1. */
  readonly text: () => string;
  readonly leave: () => void;
}

/** How a caller leaves. */
export type Manner = "FIN" | "RST" | "HTTP/2 cancel" | "HTTP/2 FIN";

export const manners: readonly Manner[] = ["FIN", "RST", "HTTP/2 cancel", "HTTP/2 FIN"];

/** What is sent of a call before its caller leaves. */
export interface Sent {
  readonly call: FaultCall;
  readonly prefix: string;
  /** Bytes of the body that are held back; with none the call is whole. */
  readonly heldBack: number;
}

/** Begins a call. */
export function begin(port: number, manner: Manner, sent: Sent): Promise<LeavingCaller> {
  if (manner === "FIN" || manner === "RST") return beginHttp1(port, manner, sent);
  return beginHttp2(port, manner, sent);
}

async function beginHttp1(
  port: number,
  manner: "FIN" | "RST",
  { call, prefix, heldBack }: Sent,
): Promise<LeavingCaller> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let text = "";
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  await once(socket, "connect");
  const bytes = bytesOf(call, { prefix });
  socket.write(bytes.subarray(0, bytes.length - heldBack));
  return {
    text: () => text,
    leave: () => void (manner === "RST" ? socket.resetAndDestroy() : socket.end()),
  };
}

async function beginHttp2(
  port: number,
  manner: "HTTP/2 cancel" | "HTTP/2 FIN",
  { call, prefix, heldBack }: Sent,
): Promise<LeavingCaller> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  const { method, target, headers, body } = http2Of(call, prefix);
  const pseudo = [":method", method, ":path", target, ":scheme", "http", ":authority", "localhost"];
  const stream = session.request([...pseudo, ...headers]);
  let text = "";
  stream.on("error", () => undefined);
  stream.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  stream.on("close", () => session.destroy());
  const bytes = Buffer.from(body);
  if (heldBack === 0) stream.end(bytes);
  else stream.write(bytes.subarray(0, bytes.length - heldBack));
  return {
    text: () => text,
    leave: () => {
      if (manner === "HTTP/2 cancel") stream.close(constants.NGHTTP2_CANCEL);
      else session.destroy();
    },
  };
}
