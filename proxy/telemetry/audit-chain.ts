/** One line of the audit log: its form, its place in the chain, and how it is read back; writer and verifier share it. */
import { hash } from "node:crypto";
import type { JsonObject } from "../core/request.ts";

/** The last record of a chain. */
export interface ChainHead {
  /** 0 before the first record. */
  readonly seq: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** What the first record of a chain follows. */
export const noRecord: ChainHead = { seq: 0, hash: "0".repeat(64) };

/** A record as it is written, line end included, and the head that it makes. */
export interface SealedLine {
  readonly text: string;
  readonly head: ChainHead;
}

/** How every line begins. */
export const lineMark = '{"audit":1,';

/** No line is longer: the verifier reads no further. */
export const longestLine = 262_144;

/** Of a longer record only the fields that tell most are kept, so that a line stays below `longestLine`. */
const longestBody = 60_000;

/** The fields as they stand in a line, without the braces. */
export function bodyOf(fields: JsonObject): string {
  const body = JSON.stringify(fields).slice(1, -1);
  if (body.length <= longestBody) return body;
  const { signals: _signals, request: _request, ...rest } = fields;
  return JSON.stringify({ ...rest, isCut: true }).slice(1, -1);
}

/** The record that follows `head`. Its hash is over everything that stands before it in the line. */
export function sealed(body: string, head: ChainHead): SealedLine {
  const seq = head.seq + 1;
  const covered = `${lineMark}"seq":${seq},"prev":"${head.hash}",${body}`;
  const own = hash("sha256", covered, "hex");
  return { text: `${covered},"hash":"${own}"}\n`, head: { seq, hash: own } };
}

/** A line as it was read. */
export type ReadLine =
  | {
      readonly kind: "record";
      readonly seq: number;
      readonly prev: string;
      readonly hash: string;
      /** Whether the hash is that of the line. */
      readonly isIntact: boolean;
      readonly fields: JsonObject;
    }
  /** No line of an audit log. */
  | { readonly kind: "other" };

const start = /^\{"audit":1,"seq":([1-9]\d{0,14}),"prev":"([0-9a-f]{64})",/;
const end = /,"hash":"([0-9a-f]{64})"\}$/;

/** Reads a line without its line end. */
export function readLine(bytes: Buffer): ReadLine {
  const text = bytes.toString("utf8");
  const [, seq = "", prev = ""] = start.exec(text) ?? [];
  const [tail = "", own = ""] = end.exec(text) ?? [];
  const fields = seq === "" || tail === "" ? null : parsed(text);
  if (fields === null) return { kind: "other" };
  const covered = bytes.subarray(0, bytes.length - tail.length);
  const isIntact = hash("sha256", covered, "hex") === own;
  return { kind: "record", seq: Number(seq), prev, hash: own, isIntact, fields };
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

function isFields(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
