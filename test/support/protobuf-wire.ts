/** Reads protobuf's wire format without a schema, as far as the tests' collector needs it. */

/** One field of a message; which reading is right the caller knows. */
export interface WireField {
  readonly number: number;
  message(): readonly WireField[];
  text(): string;
  hex(): string;
  varint(): number;
  double(): number;
  fixed64(): number;
  /** Packed. */
  doubles(): number[];
  fixed64s(): number[];
}

/** The fields of a message, in order. Throws on what is no protobuf. */
export function fieldsOf(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = varint(bytes, at);
    const read = payload(bytes, tag.end, tag.value & 7);
    fields.push(fieldOf(tag.value >>> 3, read.bytes));
    at = read.end;
  }
  return fields;
}

function fieldOf(number: number, bytes: Buffer): WireField {
  return {
    number,
    message: () => fieldsOf(bytes),
    text: () => bytes.toString("utf8"),
    hex: () => bytes.toString("hex"),
    varint: () => varint(bytes, 0).value,
    double: () => bytes.readDoubleLE(0),
    fixed64: () => Number(bytes.readBigUInt64LE(0)),
    doubles: () => eights(bytes, (at) => bytes.readDoubleLE(at)),
    fixed64s: () => eights(bytes, (at) => Number(bytes.readBigUInt64LE(at))),
  };
}

function eights(bytes: Buffer, read: (at: number) => number): number[] {
  return Array.from({ length: bytes.length / 8 }, (_none, index) => read(index * 8));
}

interface Payload {
  readonly bytes: Buffer;
  readonly end: number;
}

function payload(bytes: Buffer, at: number, wireType: number): Payload {
  switch (wireType) {
    case 0: {
      const { end } = varint(bytes, at);
      return { bytes: bytes.subarray(at, end), end };
    }
    case 1:
      return { bytes: bytes.subarray(at, at + 8), end: at + 8 };
    case 2: {
      const length = varint(bytes, at);
      const end = length.end + length.value;
      if (end > bytes.length) throw new Error("the message is cut short");
      return { bytes: bytes.subarray(length.end, end), end };
    }
    case 5:
      return { bytes: bytes.subarray(at, at + 4), end: at + 4 };
    default:
      throw new Error(`there is no wire type ${wireType}`);
  }
}

function varint(bytes: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error("the message is cut short");
}
