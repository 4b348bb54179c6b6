/** A call as it goes on the wire; the load programs write these bytes as they are. */
import type { Endpoint } from "./contenders.ts";

/** A POST with its body. */
export function requestBytes(target: Endpoint, body: string): Buffer {
  const { host } = new URL(target.url);
  const lines = Object.entries(target.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = Buffer.byteLength(body);
  return Buffer.from(
    `POST ${target.path} HTTP/1.1\r\nHost: ${host}\r\n${lines.join("")}content-length: ${length}\r\n\r\n${body}`,
  );
}
