/** A name server on port 53: each question for a name gets the next of its answers, and the last of them from then on. */
import { createSocket } from "node:dgram";
import { once } from "node:events";

/** Lists of addresses by `name/family`; null is a server that fails. */
export type Names = Readonly<Record<string, readonly (readonly string[] | null)[]>>;

/** As DNS numbers the kinds of record. */
const types: ReadonlyMap<number, { readonly family: number; readonly bytes: typeof bytesOf4 }> =
  new Map([
    [1, { family: 4, bytes: bytesOf4 }],
    [28, { family: 6, bytes: bytesOf6 }],
  ]);

const noSuchName = 3;
const serverFailure = 2;

const [written = "{}"] = process.argv.slice(2);
const names: Names = JSON.parse(written);
const asked = new Map<string, number>();

const socket = createSocket("udp4");
socket.on("message", (question, { address, port }) => socket.send(reply(question), port, address));
socket.bind(53, "127.0.0.1");
await once(socket, "listening");
console.log(JSON.stringify({ event: "ready" }));

function reply(message: Buffer): Buffer {
  const { name, type, end } = questionIn(message);
  const kind = types.get(type);
  const answers = names[`${name}/${kind?.family}`];
  if (kind === undefined || answers === undefined) return headed(message, end, noSuchName, []);
  const key = `${name}/${type}`;
  const turn = asked.get(key) ?? 0;
  asked.set(key, turn + 1);
  const addresses = answers[Math.min(turn, answers.length - 1)] ?? null;
  if (addresses === null) return headed(message, end, serverFailure, []);
  const records = addresses.map((each) => recordOf(type, kind.bytes(each)));
  return headed(message, end, 0, records);
}

function questionIn(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let size = message.readUInt8(at); size > 0; size = message.readUInt8(at)) {
    labels.push(message.toString("latin1", at + 1, at + 1 + size));
    at += 1 + size;
  }
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** The question again, marked as answered, and what is known. */
function headed(message: Buffer, end: number, code: number, records: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(12);
  message.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x81_80 + code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, message.subarray(12, end), ...records]);
}

/** A record of the name that was asked for, which nobody may keep. */
function recordOf(type: number, address: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc0_0c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(address.length, 10);
  return Buffer.concat([head, address]);
}

function bytesOf4(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

/** Of an address with one `::`. */
function bytesOf6(address: string): Buffer {
  const [before = [], after = []] = address
    .split("::")
    .map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const groups = [...before, ...zeros, ...after].map((group) => group.padStart(4, "0"));
  return Buffer.from(groups.join(""), "hex");
}
