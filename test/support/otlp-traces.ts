/** What an OTLP collector was sent as spans, whichever encoding they came in. */
import * as v from "valibot";
import type { AttributeType } from "./conventions.ts";
import type { Sent } from "./otlp-metrics.ts";
import { fieldsOf, type WireField } from "./protobuf-wire.ts";

/** One attribute with its type on the wire. */
export interface SeenAttribute {
  readonly key: string;
  readonly type: AttributeType;
  readonly value: string | number | boolean | readonly string[];
}

/** One span. */
export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** "" for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly attributes: readonly SeenAttribute[];
  readonly events: readonly string[];
  /** Trace and span that it is linked to, as `TRACE-SPAN`. */
  readonly links: readonly string[];
}

/** Reads an export of spans by its content type; throws on what is not one. */
export function spansIn({ contentType, body }: Sent): readonly SeenSpan[] {
  return contentType === "application/json" ? fromJson(body) : fromProtobuf(body);
}

/** An attribute's value; undefined when the span has none of that name. */
export function said(span: SeenSpan, key: string): SeenAttribute["value"] | undefined {
  return span.attributes.find((one) => one.key === key)?.value;
}

const anyValue = v.union([
  v.strictObject({ stringValue: v.string() }),
  v.strictObject({ intValue: v.union([v.number(), v.string()]) }),
  v.strictObject({ doubleValue: v.number() }),
  v.strictObject({ boolValue: v.boolean() }),
  v.strictObject({
    arrayValue: v.strictObject({ values: v.array(v.strictObject({ stringValue: v.string() })) }),
  }),
]);
const attribute = v.strictObject({ key: v.string(), value: anyValue });
const hexId = (digits: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`)));
const nanoseconds = v.pipe(v.string(), v.regex(/^[1-9]\d{18}$/));
const event = v.looseObject({ name: v.string(), timeUnixNano: nanoseconds });
const link = v.looseObject({ traceId: hexId(32), spanId: hexId(16) });
const span = v.looseObject({
  traceId: hexId(32),
  spanId: hexId(16),
  parentSpanId: v.optional(hexId(16)),
  name: v.pipe(v.string(), v.nonEmpty()),
  kind: v.picklist([1, 2, 3]),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes: v.array(attribute),
  events: v.optional(v.array(event), []),
  links: v.optional(v.array(link), []),
  status: v.looseObject({ code: v.optional(v.picklist([0, 1, 2]), 0) }),
});
const request = v.object({
  resourceSpans: v.array(v.object({ scopeSpans: v.array(v.object({ spans: v.array(span) })) })),
});

function fromJson(body: Buffer): readonly SeenSpan[] {
  const { resourceSpans } = v.parse(request, JSON.parse(body.toString()));
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans));
  return spans.map(({ traceId, spanId, parentSpanId = "", name, kind, ...more }) => ({
    traceId,
    spanId,
    parentSpanId,
    name,
    kind,
    status: more.status.code,
    attributes: more.attributes.map(({ key, value }) => attributeOf(key, value)),
    events: more.events.map((one) => one.name),
    links: more.links.map((one) => `${one.traceId}-${one.spanId}`),
  }));
}

function attributeOf(key: string, value: v.InferOutput<typeof anyValue>): SeenAttribute {
  if ("stringValue" in value) return { key, type: "string", value: value.stringValue };
  if ("boolValue" in value) return { key, type: "boolean", value: value.boolValue };
  if ("intValue" in value) return { key, type: "int", value: Number(value.intValue) };
  if ("doubleValue" in value) return { key, type: "double", value: value.doubleValue };
  const texts = value.arrayValue.values.map(({ stringValue }) => stringValue);
  return { key, type: "string[]", value: texts };
}

/** Field numbers are those of opentelemetry/proto/trace/v1. */
function fromProtobuf(body: Buffer): readonly SeenSpan[] {
  const scopes = fieldsOf(body).flatMap((one) => all(one.message(), 2));
  return scopes.flatMap((one) => all(one.message(), 2)).map((one) => spanIn(one.message()));
}

function spanIn(fields: readonly WireField[]): SeenSpan {
  const [status] = all(fields, 15).flatMap((one) => all(one.message(), 3));
  return {
    traceId: only(fields, 1).hex(),
    spanId: only(fields, 2).hex(),
    parentSpanId: all(fields, 4)[0]?.hex() ?? "",
    name: only(fields, 5).text(),
    kind: only(fields, 6).varint(),
    status: status?.varint() ?? 0,
    attributes: all(fields, 9).map((one) => attributeIn(one.message())),
    events: all(fields, 11).map((one) => only(one.message(), 2).text()),
    links: all(fields, 13)
      .map((one) => one.message())
      .map((one) => `${only(one, 1).hex()}-${only(one, 2).hex()}`),
  };
}

function attributeIn(fields: readonly WireField[]): SeenAttribute {
  const key = only(fields, 1).text();
  const [value] = only(fields, 2).message();
  switch (value?.number) {
    case 1:
      return { key, type: "string", value: value.text() };
    case 2:
      return { key, type: "boolean", value: value.varint() === 1 };
    case 3:
      return { key, type: "int", value: value.varint() };
    case 4:
      return { key, type: "double", value: value.double() };
    case 5: {
      const texts = all(value.message(), 1).map((one) => only(one.message(), 1).text());
      return { key, type: "string[]", value: texts };
    }
    default:
      throw new Error(`${key} has a value of another kind`);
  }
}

function all(fields: readonly WireField[], number: number): WireField[] {
  return fields.filter((field) => field.number === number);
}

function only(fields: readonly WireField[], number: number): WireField {
  const [field] = all(fields, number);
  if (field === undefined) throw new Error(`the message has no field ${number}`);
  return field;
}
