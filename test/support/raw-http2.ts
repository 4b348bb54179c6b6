/** HTTP/2 frames written by hand, for what well-behaved clients do not send. */

/** Header names and values as they go on the wire, in order; pseudo headers first. */
export type FieldLines = readonly (readonly [string, string])[];

const types = { data: 0, headers: 1, reset: 3, settings: 4, goaway: 7 } as const;

const endHeaders = 4;
const endStream = 1;

/** What a connection begins with. */
export const preface: Buffer = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  frame(types.settings, 0, 0, Buffer.alloc(0)),
]);

/** A request's head; with `isEnded` it is the whole request. */
export function headersFrame(stream: number, lines: FieldLines, isEnded = false): Buffer {
  const block = Buffer.concat(lines.map(([name, value]) => literal(name, value)));
  return frame(types.headers, endHeaders | (isEnded ? endStream : 0), stream, block);
}

/** Body bytes. */
export function dataFrame(stream: number, text: string, isEnded = false): Buffer {
  return frame(types.data, isEnded ? endStream : 0, stream, Buffer.from(text));
}

/** The caller gives a stream up. */
export function resetFrame(stream: number, code: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(code);
  return frame(types.reset, 0, stream, payload);
}

/** The error codes that a peer has sent so far, of streams and of the connection. */
export function errorCodes(received: Buffer): number[] {
  const codes: number[] = [];
  for (let at = 0; at + 9 <= received.length;) {
    const length = received.readUIntBE(at, 3);
    const payload = received.subarray(at + 9, at + 9 + length);
    if (received[at + 3] === types.reset && payload.length >= 4) codes.push(payload.readUInt32BE());
    if (received[at + 3] === types.goaway && payload.length >= 8) {
      codes.push(payload.readUInt32BE(4));
    }
    at += 9 + length;
  }
  return codes;
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK: a literal line that is not indexed, name and value not compressed. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), sized(name), sized(value)]);
}

function sized(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length > 126) throw new RangeError("longer texts need a longer length");
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
