/** Requests that two servers could read in two ways, or that are none, as bytes: all are refused, and none reaches a provider. */

/** One request. */
export interface RequestRow {
  readonly name: string;
  /** The request with `PATH` where its path goes. */
  readonly bytes: string;
  /** What the caller is told, where it is not that the framing is ambiguous. */
  readonly says?: string;
}

const lines = (...more: readonly string[]): string =>
  ["POST PATH HTTP/1.1", "Host: a", "Content-Type: application/json", ...more, "", ""].join("\r\n");

/** A head with further lines, and a body of three bytes that matches `Content-Length: 3`. */
const head = (...more: readonly string[]): string => `${lines(...more)}{ }`;

/** A chunked body as written. */
const chunked = (body: string): string => lines("Transfer-Encoding: chunked") + body;

const empty = "0\r\n\r\n";

const header = "A header line is not written as HTTP has it.";
const version = "The request does not say that it is HTTP/1.0 or HTTP/1.1.";
const method = "The request begins with no method that is known here; Sidestep speaks plain HTTP.";
const target = "The request target is not a path.";
const coding = "The only Transfer-Encoding that is understood is chunked.";

const lengths: Readonly<Record<string, string>> = {
  "two different lengths": head("Content-Length: 3", "Content-Length: 4"),
  "the same length twice": head("Content-Length: 3", "Content-Length: 3"),
  "a list of lengths": head("Content-Length: 3, 3"),
  "a length with a sign": head("Content-Length: +3"),
  "a negative length": head("Content-Length: -3"),
  "a hexadecimal length": head("Content-Length: 0x3"),
  "a length with a gap": head("Content-Length: 3 3"),
  "an empty length": head("Content-Length:"),
  "a length beyond all numbers": head(`Content-Length: ${"9".repeat(30)}`),
  "a length before chunks": lines("Content-Length: 3", "Transfer-Encoding: chunked") + empty,
  "a length behind chunks": lines("Transfer-Encoding: chunked", "Content-Length: 3") + empty,
  "an unknown coding": lines("Transfer-Encoding: xchunked") + empty,
  "a coding in quotes": lines('Transfer-Encoding: "chunked"') + empty,
  "a coding with a parameter": lines("Transfer-Encoding: chunked;a=b") + empty,
  "chunks that are not the last coding": lines("Transfer-Encoding: chunked, identity") + empty,
  "the identity coding beside a length": head("Transfer-Encoding: identity", "Content-Length: 3"),
  "an empty coding beside a length": head("Transfer-Encoding:", "Content-Length: 3"),
};

const twice: Readonly<Record<string, string>> = {
  "chunks twice in one line": lines("Transfer-Encoding: chunked, chunked") + empty,
  "chunks in two lines": lines("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + empty,
};

const codings: Readonly<Record<string, string>> = {
  "a coding before chunks": lines("Transfer-Encoding: gzip, chunked") + empty,
};

const chunks: Readonly<Record<string, string>> = {
  "a chunk size that is no number": chunked("zz\r\n{ }\r\n0\r\n\r\n"),
  "a chunk size with a prefix": chunked("0x3\r\n{ }\r\n0\r\n\r\n"),
  "a chunk size with a sign": chunked("+3\r\n{ }\r\n0\r\n\r\n"),
  "a negative chunk size": chunked("-3\r\n{ }\r\n0\r\n\r\n"),
  "a chunk size behind a blank": chunked(" 3\r\n{ }\r\n0\r\n\r\n"),
  "a chunk size before a blank": chunked("3 \r\n{ }\r\n0\r\n\r\n"),
  "a chunk size beyond all numbers": chunked("10000000000000003\r\n{ }\r\n0\r\n\r\n"),
  "no chunk size": chunked("\r\n{ }\r\n0\r\n\r\n"),
  "a chunk size that ends in a bare LF": chunked("3\n{ }\r\n0\r\n\r\n"),
  "a chunk extension that ends in a bare LF": chunked("3;a=b\n{ }\r\n0\r\n\r\n"),
  "a control character in a chunk extension": chunked("3;a\u0001\r\n{ }\r\n0\r\n\r\n"),
  "a chunk longer than its size": chunked("3\r\n{  }\r\n0\r\n\r\n"),
  "a chunk without its line end": chunked("3\r\n{ }0\r\n\r\n"),
  "a chunk that ends in a bare LF": chunked("3\r\n{ }\n0\r\n\r\n"),
  "a last chunk that ends in bare LFs": chunked("3\r\n{ }\r\n0\n\n"),
  "a length among the trailers": chunked("3\r\n{ }\r\n0\r\nContent-Length: 5\r\n\r\n"),
};

const lineEnds: Readonly<Record<string, string>> = {
  "a bare LF between lines": head("X-A: b\nContent-Length: 3"),
  "a bare CR in a value": head("X-A: b\rX-B: c", "Content-Length: 3"),
  "a CR too many": head("Content-Length: 3\r"),
};

const headers: Readonly<Record<string, string>> = {
  "a blank before the colon": head("Transfer-Encoding : chunked"),
  "a coding behind a vertical tab": lines("Transfer-Encoding: \u000bchunked") + empty,
  "a folded line": head("X-A: b\r\n c", "Content-Length: 3"),
  "a coding on a folded line": lines("Transfer-Encoding:\r\n chunked") + empty,
  "a bare LF before the body": `POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\n{ }`,
  "a NUL in a value": head("X-A: b\u0000c", "Content-Length: 3"),
  "a control character in a value": head("X-A: b\u0001c", "Content-Length: 3"),
  "a NUL in a name": head("X\u0000A: b", "Content-Length: 3"),
  "a blank in a name": head("X A: b", "Content-Length: 3"),
  "a byte above ASCII in a name": head("X\u00e9: b", "Content-Length: 3"),
  "a line without a name": head(": b", "Content-Length: 3"),
  "a line without a colon": head("nonsense", "Content-Length: 3"),
};

const first = (line: string): string => `${line}\r\nHost: a\r\nContent-Length: 3\r\n\r\n{ }`;

const firstLines: readonly RequestRow[] = [
  { name: "HTTP/0.9", says: version, bytes: "GET PATH\r\n\r\n" },
  { name: "HTTP/0.9 by name", says: version, bytes: first("POST PATH HTTP/0.9") },
  { name: "HTTP/1.2", says: version, bytes: first("POST PATH HTTP/1.2") },
  { name: "HTTP/1.10", says: version, bytes: first("POST PATH HTTP/1.10") },
  { name: "HTTP/2.0 in the form of HTTP/1", says: version, bytes: first("POST PATH HTTP/2.0") },
  { name: "http in lower case", says: version, bytes: first("POST PATH http/1.1") },
  { name: "an unknown method", says: method, bytes: first("BREW PATH HTTP/1.1") },
  { name: "a method in lower case", says: method, bytes: first("post PATH HTTP/1.1") },
  { name: "a blank before the method", says: method, bytes: first(" POST PATH HTTP/1.1") },
  { name: "a TLS handshake", says: method, bytes: "\u0016\u0003\u0001\u0002\u0000\u0001\u0000" },
  { name: "garbage", says: method, bytes: "\u0000\u0001\u0002 garbage\r\n\r\n" },
  { name: "a blank in the target", says: version, bytes: first("POST PATH x HTTP/1.1") },
  { name: "tabs between the words", says: method, bytes: first("POST\tPATH\tHTTP/1.1") },
  {
    name: "a control character in the target",
    says: target,
    bytes: first("POST PATH\u0001 HTTP/1.1"),
  },
  {
    name: "a byte above ASCII in the target",
    says: target,
    bytes: first("POST PATH\u00e9 HTTP/1.1"),
  },
  { name: "a target that is no path", says: target, bytes: first("POST v1 HTTP/1.1") },
  { name: "another scheme in the target", says: target, bytes: first("POST ftp://a/v1 HTTP/1.1") },
  { name: "a star for a target", says: target, bytes: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" },
  {
    name: "two hosts",
    says: "The request has more than one Host header.",
    bytes: head("Host: b", "Content-Length: 3"),
  },
  {
    name: "no host",
    says: "The request has no Host header.",
    bytes: "POST PATH HTTP/1.1\r\nContent-Length: 3\r\n\r\n{ }",
  },
  {
    name: "chunks in HTTP/1.0",
    says: "An HTTP/1.0 request cannot have a Transfer-Encoding.",
    bytes: "POST PATH HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  },
];

function rows(table: Readonly<Record<string, string>>, says?: string): RequestRow[] {
  const told = says === undefined ? {} : { says };
  return Object.entries(table).map(([name, bytes]) => ({ name, bytes, ...told }));
}

export const requestRows: readonly RequestRow[] = [
  ...rows(lengths),
  ...rows(twice),
  ...rows(codings, coding),
  ...rows(chunks),
  ...rows(lineEnds),
  ...rows(headers, header),
  ...firstLines,
];
