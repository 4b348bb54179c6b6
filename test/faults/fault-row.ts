/** What a row of the fault tables says; docs/faults.md repeats it. */
import type { ErrorCode } from "../../proxy/core/errors.ts";
import type { ReplyScript } from "../support/scripted-upstream-script.ts";
import type { Script } from "../support/scripted-upstream.ts";
import type { FaultCall } from "./calls.ts";

/** Where in a call a fault strikes, in the order in which a call passes them. */
export type FaultPhase = "connect" | "TLS" | "head" | "status" | "body" | "stream";

/** One fault of a provider. */
export interface FaultRow {
  readonly phase: FaultPhase;
  /** What goes wrong: "a provider that ...". */
  readonly name: string;
  /**
   * `same` is what the app would have seen without Sidestep, byte for byte; `part` may lack the last
   * bytes before the fault; a code is an error of ours.
   */
  readonly sees: "same" | "part" | ErrorCode;
  /** How the reply ends, as app and record see it. */
  readonly ending: "complete" | "cut";
  /** What the record has as detail; null when nothing went wrong. */
  readonly detail: string | null;
  /** What the breaker counts. */
  readonly counts: "failure" | "success";
}

/** What the upstream does, where `good` is its reply to the call without the fault. */
export type FaultScript = (good: ReplyScript) => Script;

/** A fault that a scripted upstream plays. */
export interface ScriptedRow extends FaultRow {
  readonly script: FaultScript;
  /** Which calls it can meet; all where left out. */
  readonly forms?: readonly FaultCall["form"][];
  /** The limit that ends it. */
  readonly short?: "first_byte" | "idle";
}

/** Rows that differ in name and script only. */
export function rowsOf(
  common: Omit<ScriptedRow, "name" | "script">,
  scripts: Readonly<Record<string, FaultScript>>,
): readonly ScriptedRow[] {
  return Object.entries(scripts).map(([name, script]) => ({ ...common, name, script }));
}

type Fault = NonNullable<ReplyScript["fault"]>;

/** The sound reply up to a phase, and then the fault. */
export function faulty(phase: Fault["phase"], kind: Fault["kind"]): FaultScript {
  return (good) => ({ ...good, fault: { phase, kind } });
}

/** The sound reply with something changed. */
export function changed(changes: ReplyScript): FaultScript {
  return (good) => ({ ...good, ...changes });
}

/** The sound reply with further header lines. */
export function withHeaders(...lines: readonly string[]): FaultScript {
  return (good) => ({ ...good, headers: [...(good.headers ?? []), ...lines] });
}

/** Bytes as they are, and then a close. */
export function raw(text: string): FaultScript {
  return () => async (exchange) => {
    await exchange.body();
    await exchange.write(Buffer.from(text, "latin1"));
    exchange.socket.end();
  };
}

/** A script's whole body. */
export function bodyOf(script: ReplyScript): Buffer {
  return Buffer.concat(piecesOf(script));
}

/** A script's body in its pieces. */
export function piecesOf({ body = [] }: ReplyScript): Buffer[] {
  const pieces = typeof body === "string" || Buffer.isBuffer(body) ? [body] : body;
  return pieces.map((piece) => Buffer.from(piece));
}
