/** Faults of a provider behind its reply's head: the app hears the provider itself, its breaking off included. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { ReplyScript } from "../support/scripted-upstream-script.ts";
import { headBytes } from "../support/scripted-upstream-script.ts";
import {
  bodyOf,
  changed,
  faulty,
  piecesOf,
  rowsOf,
  type FaultScript,
  type ScriptedRow,
} from "./fault-row.ts";

const body = { phase: "body", sees: "same", counts: "success" } as const;
const cut = { ...body, ending: "cut" } as const;
const whole = { ...body, ending: "complete", detail: null } as const;

const early = { ...cut, detail: "connection closed early" } as const;
const reset = { ...cut, detail: "connection broke: ECONNRESET" } as const;
const stalled = { ...cut, detail: "no byte within the idle limit", short: "idle" } as const;
const garbled = {
  ...cut,
  sees: "part",
  detail: "invalid http: HPE_INVALID_CHUNK_SIZE",
  forms: ["sse"],
} as const;

const bodies: readonly ScriptedRow[] = [
  ...rowsOf(early, {
    "closes behind its head": faulty("after-headers", "close"),
    "closes within its body": faulty("mid-body", "close"),
    "closes right before the end of its body": faulty("before-last-chunk", "close"),
  }),
  ...rowsOf(reset, {
    "resets behind its head": faulty("after-headers", "reset"),
    "resets within its body": faulty("mid-body", "reset"),
  }),
  ...rowsOf(
    { ...reset, forms: ["json", "unread"] },
    {
      "resets a body that ends with its connection": changed({
        framing: "close",
        fault: { phase: "mid-body", kind: "reset" },
      }),
    },
  ),
  ...rowsOf(stalled, { "falls silent within its body": faulty("mid-body", "stall") }),
  ...rowsOf(garbled, {
    "sends garbage for its last chunk": faulty("before-last-chunk", "garbage"),
    "sends a chunk size that is no number": chunks("zz\r\nab\r\n"),
  }),
  ...rowsOf(
    { ...garbled, detail: "invalid http: HPE_STRICT" },
    {
      "sends a chunk longer than its size": chunks("2\r\nabcd\r\n"),
    },
  ),
  ...rowsOf(
    { ...garbled, detail: "invalid http: HPE_INVALID_CHUNK_SIZE" },
    {
      "sends an endless chunk size": chunks(`${"f".repeat(40)}\r\nab\r\n`),
    },
  ),
];

const poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

const oddBodies: readonly ScriptedRow[] = [
  ...rowsOf(
    { ...whole, forms: ["json", "unread"] },
    {
      "sends more than its length, which goes nowhere": (good) => async (exchange) => {
        await exchange.body();
        const bytes = bodyOf(good);
        const lines = [...(good.headers ?? []), "Content-Length", String(bytes.length)];
        const extra = Buffer.from(poison);
        await exchange.write(Buffer.concat([headBytes(200, "OK", lines), bytes, extra]));
      },
    },
  ),
  ...rowsOf(whole, {
    "trickles its body, a byte at a time": changed({
      body: "twenty-four bytes of it.",
      fragments: { seed: 1, maxBytes: 1 },
      paceMs: 5,
    }),
    "ends its body by closing": changed({ framing: "close" }),
    "sends trailers": changed({ framing: "chunked", trailers: ["X-Checksum", "abc", "x-b", "2"] }),
    "compresses its body (gzip)": compressed("gzip", gzipSync),
    "compresses its body (br)": compressed("br", brotliCompressSync),
    "compresses its body (zstd)": compressed("zstd", zstdCompressSync),
  }),
];

const stream = { phase: "stream", forms: ["sse"] } as const;

const failing = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n';

/** Of a stream every event goes out as it comes, and its end is the provider's end. */
const streams: readonly ScriptedRow[] = [
  ...rowsOf({ ...early, ...stream }, { "closes between two events": begun("close") }),
  ...rowsOf({ ...early, ...stream }, { "closes within an event": faulty("mid-body", "close") }),
  ...rowsOf({ ...reset, ...stream }, { "resets between two events": begun("reset") }),
  ...rowsOf({ ...stalled, ...stream }, { "falls silent between two events": begun("stall") }),
  ...rowsOf(
    { ...whole, ...stream },
    {
      "ends without its last event": (good) => ({ ...good, body: firstEvents(good) }),
      "says that it fails, and ends": (good) => ({
        ...good,
        body: [...firstEvents(good), failing],
      }),
      "sends comments to stay awake": (good) => ({
        ...good,
        body: piecesOf(good).flatMap((event) => [": ping\n\n", event]),
      }),
      "ends its stream by closing": changed({ framing: "close" }),
    },
  ),
];

function firstEvents(good: ReplyScript): Buffer[] {
  return piecesOf(good).slice(0, 2);
}

/** The first two events, and then the fault. */
function begun(kind: "reset" | "close" | "stall"): FaultScript {
  const fault = { phase: "before-last-chunk", kind } as const;
  return (good) => ({ ...good, body: firstEvents(good), fault });
}

/** One sound event, `text` where the next chunk should begin, and a close. */
function chunks(text: string): FaultScript {
  return (good) => async (exchange) => {
    await exchange.body();
    const lines = [...(good.headers ?? []), "Transfer-Encoding", "chunked"];
    const event = 'f\r\ndata: {"a":1}\n\n\r\n';
    await exchange.write(Buffer.concat([headBytes(200, "OK", lines), Buffer.from(event + text)]));
    exchange.socket.end();
  };
}

function compressed(coding: string, compress: (bytes: Buffer) => Buffer): FaultScript {
  return (good) => {
    const bytes = compress(bodyOf(good));
    const headers = [...(good.headers ?? []), "Content-Encoding", coding];
    return { ...good, headers, body: [bytes.subarray(0, 20), bytes.subarray(20)] };
  };
}

export const bodyRows: readonly ScriptedRow[] = [...bodies, ...oddBodies, ...streams];
