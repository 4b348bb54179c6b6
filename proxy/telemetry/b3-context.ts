/** B3 trace context as it stands in headers, one line or several: strict reading and writing; used by propagation where OTEL_PROPAGATORS asks for it. */
import { headerValues, type HeaderLines } from "../core/http.ts";

/** What a caller's B3 headers say. */
export interface B3Context {
  /** Null when only the decision whether to record was sent. */
  readonly ids: { readonly traceId: string; readonly spanId: string } | null;
  /** Null leaves it to us. */
  readonly isSampled: boolean | null;
  /** Asks everybody to record, whatever they would have decided. */
  readonly isDebug: boolean;
}

/** Which form is written. */
export type B3Form = "b3" | "b3multi";

const ids = String.raw`([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})`;
const singlePattern = new RegExp(`^${ids}(?:-([01d])(?:-[0-9a-f]{16})?)?$`);
const traceIdPattern = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/;
const spanIdPattern = /^[0-9a-f]{16}$/;
const allZero = /^0+$/;

const undecided = { isSampled: null, isDebug: false };

const decisions: ReadonlyMap<string, Pick<B3Context, "isSampled" | "isDebug">> = new Map([
  ["0", { isSampled: false, isDebug: false }],
  ["1", { isSampled: true, isDebug: false }],
  ["d", { isSampled: true, isDebug: true }],
  // What old senders write in `X-B3-Sampled`.
  ["false", { isSampled: false, isDebug: false }],
  ["true", { isSampled: true, isDebug: false }],
]);

/** The one line wins over the several; null when neither is there, or what is there is malformed or repeated. */
export function readB3(lines: HeaderLines): B3Context | null {
  const single = headerValues(lines, "b3");
  if (single.length > 0) return single.length === 1 ? readSingle(single.join("").trim()) : null;
  return readSeveral(lines);
}

/** The lines of one form for a span of ours. */
export function writeB3(
  form: B3Form,
  { traceId, spanId }: NonNullable<B3Context["ids"]>,
  { isSampled, isDebug }: Pick<B3Context, "isSampled" | "isDebug">,
): string[] {
  const sampled = isSampled === true ? "1" : "0";
  if (form === "b3") return ["b3", `${traceId}-${spanId}-${isDebug ? "d" : sampled}`];
  const decision = isDebug ? ["X-B3-Flags", "1"] : ["X-B3-Sampled", sampled];
  return ["X-B3-TraceId", traceId, "X-B3-SpanId", spanId, ...decision];
}

function readSingle(value: string): B3Context | null {
  const alone = value.length === 1 ? decisions.get(value) : undefined;
  if (alone !== undefined) return { ids: null, ...alone };
  const [, traceId = "", spanId = "", decision = ""] = singlePattern.exec(value) ?? [];
  return withIds(traceId, spanId, decisions.get(decision) ?? undecided);
}

function readSeveral(lines: HeaderLines): B3Context | null {
  const decision = decisionIn(lines);
  const traceId = only(lines, "x-b3-traceid");
  const spanId = only(lines, "x-b3-spanid");
  if (traceId === undefined && spanId === undefined) {
    return decision.isSampled === null ? null : { ids: null, ...decision };
  }
  if (!traceIdPattern.test(traceId ?? "") || !spanIdPattern.test(spanId ?? "")) return null;
  return withIds(traceId ?? "", spanId ?? "", decision);
}

function decisionIn(lines: HeaderLines): Pick<B3Context, "isSampled" | "isDebug"> {
  if (only(lines, "x-b3-flags") === "1") return { isSampled: true, isDebug: true };
  const said = decisions.get(only(lines, "x-b3-sampled") ?? "") ?? undecided;
  return said.isDebug ? undecided : said;
}

/** A trace-id of 64 bits is the lower half of one of 128. */
function withIds(
  traceId: string,
  spanId: string,
  decision: Pick<B3Context, "isSampled" | "isDebug">,
): B3Context | null {
  if (traceId === "" || [traceId, spanId].some((id) => allZero.test(id))) return null;
  return { ids: { traceId: traceId.padStart(32, "0"), spanId }, ...decision };
}

/** A header's value; one that was sent twice is "" and so is malformed. */
function only(lines: HeaderLines, name: string): string | undefined {
  const [value, ...more] = headerValues(lines, name);
  return more.length === 0 ? value?.trim() : "";
}
