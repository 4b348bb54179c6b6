/** Faults of a provider until its reply's head is whole, and the errors that it words itself. */
import { changed, faulty, raw, rowsOf, withHeaders, type ScriptedRow } from "./fault-row.ts";

/** A sound head with one more line, written as it is. */
const withLine = (line: string) => raw(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${line}\r\n\r\nhi`);

const silent = { phase: "head", ending: "complete", counts: "failure" } as const;
const reset = { ...silent, sees: "sidestep_upstream_reset" } as const;
const late = { ...silent, sees: "sidestep_upstream_timeout", short: "first_byte" } as const;
const invalid = { ...silent, sees: "sidestep_upstream_invalid" } as const;
const invalidFor = (code: string) => ({ ...invalid, detail: `invalid http: ${code}` });

/** Nothing has been said to the app before the head is whole: it gets an error of ours. */
const heads: readonly ScriptedRow[] = [
  ...rowsOf(
    { ...reset, detail: "connection broke: ECONNRESET" },
    {
      "closes without a word": faulty("before-headers", "close"),
      "resets without a word": faulty("before-headers", "reset"),
      "closes within its head": faulty("mid-headers", "close"),
      "resets within its head": faulty("mid-headers", "reset"),
    },
  ),
  ...rowsOf(
    { ...reset, detail: "connection closed without a reply" },
    {
      "switches protocols unasked": raw(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
      ),
    },
  ),
  ...rowsOf(
    { ...late, detail: "no reply within the first-byte limit" },
    {
      "says nothing": faulty("before-headers", "stall"),
      "stops within its head": faulty("mid-headers", "stall"),
      "trickles its head, a byte at a time": changed({
        paceMs: 20,
        fragments: { seed: 1, maxBytes: 1 },
      }),
    },
  ),
  ...rowsOf(invalidFor("HPE_INVALID_CONSTANT"), {
    "speaks no HTTP": raw("\u0000\u0001 this is not HTTP\r\n\r\n"),
  }),
  ...rowsOf(invalidFor("HPE_INVALID_HEADER_TOKEN"), {
    "breaks into garbage within its head": faulty("mid-headers", "garbage"),
    "sends a line without a colon": withLine("nonsense"),
    "sends a line with a NUL in it": withLine("X-A: b\u0000c"),
  }),
  ...rowsOf(invalidFor("HPE_LF_EXPECTED"), {
    "sends a line with a bare CR in it": withLine("X-A: b\rX-B: c"),
  }),
  ...rowsOf(invalidFor("HPE_HEADER_OVERFLOW"), {
    "sends a head larger than 256 KiB": withHeaders("X-Long", "v".repeat(300_000)),
  }),
  ...rowsOf(invalidFor("status"), {
    "sends a status below 100": raw("HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n"),
  }),
  ...rowsOf(invalidFor("HPE_INVALID_CONTENT_LENGTH"), {
    "sends a length that is no number": raw("HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nhi"),
  }),
  ...rowsOf(invalidFor("HPE_UNEXPECTED_CONTENT_LENGTH"), {
    "sends two different lengths": withLine("Content-Length: 3"),
  }),
  ...rowsOf(invalidFor("HPE_INVALID_TRANSFER_ENCODING"), {
    "sends a length beside chunks": withLine("Transfer-Encoding: chunked"),
  }),
];

const passed = { sees: "same", ending: "complete", detail: null, counts: "success" } as const;

const long = "v".repeat(30_000);
const oddLines = ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-Name", "J\u00fcrgen"];

/** What is odd but sound passes as it is. */
const oddHeads: readonly ScriptedRow[] = rowsOf(
  { ...passed, phase: "head" },
  {
    "sends interim replies (1xx) first, which go no further": changed({
      informational: [{ status: 102 }, { status: 103, headers: ["Link", "</a>; rel=preload"] }],
    }),
    "sends 120 kB of headers": withHeaders("X-A", long, "X-B", long, "X-C", long, "X-D", long),
    "sends a line twice, and bytes above ASCII": withHeaders(...oddLines),
    "replies before the request's body has come": changed({ when: "head" }),
  },
);

const json = ["Content-Type", "application/json"];
const html = ["Content-Type", "text/html", "Server", "nginx"];
const limited = '{"error":{"message":"slow down","type":"rate_limit_error"}}';
const overloaded = '{"type":"error","error":{"type":"overloaded_error"}}';
const inAMinute = new Date(Date.now() + 60_000).toUTCString();

const replying = (status: number, body = '{"error":{}}', headers: readonly string[] = json) =>
  changed({ status, reason: "As Said", headers, body, framing: "length" });

/** A provider's own errors are the provider's to word. */
const statuses: readonly ScriptedRow[] = [
  ...rowsOf(
    { ...passed, phase: "status" },
    {
      "replies 400": replying(400),
      "replies 401": replying(401),
      "replies 404": replying(404),
      "replies 429": replying(429, limited),
      "replies 429 with Retry-After in seconds": replying(429, limited, ["Retry-After", "7"]),
      "replies 429 with Retry-After as a date": replying(429, limited, ["Retry-After", inAMinute]),
    },
  ),
  ...rowsOf(
    { ...passed, phase: "status", counts: "failure" },
    {
      "replies 500": replying(500),
      "replies 502 with a page of HTML": replying(502, "<html><h1>Bad Gateway</h1></html>", html),
      "replies 503 with Retry-After": replying(503, limited, ["Retry-After", "1"]),
      "replies 504": replying(504),
      "replies 529": replying(529, overloaded),
      "replies with a status above 599 (500 over HTTP/2)": replying(600),
    },
  ),
];

export const headRows: readonly ScriptedRow[] = [...heads, ...oddHeads, ...statuses];
