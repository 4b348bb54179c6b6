/** Every phase of a call in which its caller may leave, as data: what the provider has seen then, and what the record says. */
import { faulty, type FaultScript } from "./fault-row.ts";

/** A phase of a call. */
export interface LeavingRow {
  /** When the caller leaves. */
  readonly name: string;
  /** Name of the call. */
  readonly call: string;
  /** The place of the policy that it goes to. */
  readonly place: "" | "lost" | "mute";
  /** Body bytes that are never sent. */
  readonly heldBack: number;
  /** What the provider does. */
  readonly script: FaultScript;
  /** What has happened when the caller leaves. */
  readonly once: "connection" | "request" | "first bytes";
  /** The record; null where the call had not begun. */
  readonly record: { readonly reason: string; readonly ending: "aborted" } | null;
  /** What the breaker counts. */
  readonly counts: "nothing" | "success";
}

const stall = faulty("before-headers", "stall");
const halfway = faulty("mid-body", "stall");

const common = { place: "", heldBack: 0, script: stall } as const;
const gone = { record: { reason: "caller_gone", ending: "aborted" }, counts: "nothing" } as const;
const within = (reason: string) =>
  ({ record: { reason, ending: "aborted" }, counts: "success", script: halfway }) as const;

export const leavingRows: readonly LeavingRow[] = [
  {
    ...common,
    name: "within a body that is read first",
    call: "openai",
    heldBack: 5,
    once: "connection",
    record: null,
    counts: "nothing",
  },
  {
    ...common,
    ...gone,
    name: "within a body that is only passed on",
    call: "unread path",
    heldBack: 5,
    once: "request",
  },
  {
    ...common,
    ...gone,
    name: "while the connection to the provider comes about",
    call: "openai",
    place: "lost",
    once: "connection",
  },
  {
    ...common,
    ...gone,
    name: "within the TLS handshake with the provider",
    call: "anthropic",
    place: "mute",
    once: "connection",
  },
  { ...common, ...gone, name: "while the provider thinks", call: "openai", once: "request" },
  {
    ...common,
    ...gone,
    name: "while the provider thinks, before a stream",
    call: "anthropic stream",
    once: "request",
  },
  {
    ...common,
    ...within("no_route_matched"),
    name: "within a reply",
    call: "anthropic",
    once: "first bytes",
  },
  {
    ...common,
    ...within("no_route_matched"),
    name: "within a stream",
    call: "openai stream",
    once: "first bytes",
  },
  {
    ...common,
    ...within("protocol_not_read"),
    name: "within a reply that is only passed on",
    call: "unread path",
    once: "first bytes",
  },
];
