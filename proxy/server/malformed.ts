/** Replies to bytes that are no HTTP request: there is no exchange yet, so they are written as text. */
import { STATUS_CODES } from "node:http";
import { SidestepError } from "../core/errors.ts";
import { codecOf } from "../wire/table.ts";
import { verdictHeaders } from "./headers.ts";
import { requestId } from "./request-id.ts";
import { refusal } from "./refusal.ts";

/** What a parser's fault means to the caller. */
export function malformedFault(fault: Error): SidestepError {
  const code = "code" in fault && typeof fault.code === "string" ? fault.code : "";
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return invalid(code, 431, "The request's headers are larger than 256 KiB.");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return invalid(code, 413, "The request's chunk extensions are too large.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return invalid(code, 408, "The request's headers did not arrive in time.");
    default:
      return new SidestepError("sidestep_request_invalid", code);
  }
}

function invalid(detail: string, status: number, sentence: string): SidestepError {
  return new SidestepError("sidestep_request_invalid", detail, { status, sentence });
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
