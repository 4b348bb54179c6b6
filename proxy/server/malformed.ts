/** Replies to bytes that are no HTTP request: there is no exchange yet, so they are written as text. */
import { STATUS_CODES } from "node:http";
import { SidestepError } from "../core/errors.ts";
import { codecOf } from "../wire/table.ts";
import { unknownVersion } from "./framing.ts";
import { verdictHeaders } from "./headers.ts";
import { requestId } from "./request-id.ts";
import { refusal } from "./refusal.ts";

/** What is wrong with a request that a parser does not take; all else is the framing. */
const sentences: Readonly<Record<string, string>> = {
  HPE_INVALID_METHOD:
    "The request begins with no method that is known here; Sidestep speaks plain HTTP.",
  HPE_INVALID_URL: "The request target is not a path.",
  HPE_INVALID_CONSTANT: unknownVersion,
  HPE_INVALID_VERSION: unknownVersion,
  HPE_INVALID_HEADER_TOKEN: "A header line is not written as HTTP has it.",
};

/** What a parser's fault means to the caller. */
export function malformedFault(fault: Error): SidestepError {
  const code = "code" in fault && typeof fault.code === "string" ? fault.code : "";
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return invalid(code, 431, "The request's headers are larger than limits.headers.");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return invalid(code, 413, "The request's chunk extensions are too large.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return invalid(code, 408, "The request's headers did not arrive in time.");
    default:
      return invalid(code, 400, sentences[code]);
  }
}

function invalid(detail: string, status: number, sentence?: string): SidestepError {
  const details = sentence === undefined ? { status } : { status, sentence };
  return new SidestepError("sidestep_request_invalid", detail, details);
}

/** A whole HTTP/1.1 reply for a connection that is closed after it. */
export function rawErrorReply(error: SidestepError): Buffer {
  const id = requestId();
  // Nothing tells the caller's protocol, so it is the form that most clients read.
  const { status, headers, body } = codecOf("openai-chat").error(error, id, null);
  const lines = [
    ...headers,
    "content-length",
    String(body.length),
    "connection",
    "close",
    ...verdictHeaders(refusal("request_invalid"), { id, cache: null }),
  ];
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\n`;
  for (let at = 0; at < lines.length; at += 2) head += `${lines[at]}: ${lines[at + 1]}\r\n`;
  return Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), body]);
}
