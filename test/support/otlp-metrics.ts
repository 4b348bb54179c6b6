/** An OTLP collector for metrics on loopback, and what it is sent as series, whichever encoding they come in. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import * as v from "valibot";
import { fieldsOf, type WireField } from "./protobuf-wire.ts";

/** One export as it arrived. */
export interface Sent {
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
}

/** A collector; it answers everything with its status, or never. */
export interface MetricsCollector {
  readonly url: string;
  readonly sent: readonly Sent[];
  close(): Promise<void>;
}

/** Listens on a free port. It answers as soon as there is a status; with null never. */
export async function createMetricsCollector(
  status: number | null | Promise<number> = 200,
): Promise<MetricsCollector> {
  const sent: Sent[] = [];
  const server = createServer((request, response) => {
    void kept(request).then(async (one) => {
      sent.push(one);
      const code = await status;
      return code === null ? null : response.writeHead(code).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    sent,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function kept(request: IncomingMessage): Promise<Sent> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const contentType = request.headers["content-type"] ?? "";
  return { path: request.url ?? "", contentType, body: Buffer.concat(chunks) };
}

/** What an export says. */
export interface Exported {
  readonly resource: ReadonlyMap<string, string>;
  /** Scope's name and version. */
  readonly scope: string;
  /** Name -> unit. */
  readonly units: ReadonlyMap<string, string>;
  /** As `/metrics` would name them, with sorted labels. */
  readonly series: ReadonlyMap<string, number>;
}

/** Reads an export by its content type. */
export function exported({ contentType, body }: Sent): Exported {
  return contentType === "application/json" ? fromJson(body) : fromProtobuf(body);
}

const attributes = v.array(
  v.object({ key: v.string(), value: v.looseObject({ stringValue: v.optional(v.string()) }) }),
);
const point = v.object({
  attributes: v.optional(attributes, []),
  asDouble: v.optional(v.number()),
  count: v.optional(v.number()),
  sum: v.optional(v.number()),
  bucketCounts: v.optional(v.array(v.number()), []),
  explicitBounds: v.optional(v.array(v.number()), []),
});
const points = v.object({
  dataPoints: v.array(point),
  isMonotonic: v.optional(v.boolean()),
  aggregationTemporality: v.optional(v.number()),
});
const request = v.object({
  resourceMetrics: v.tuple([
    v.object({
      resource: v.object({ attributes }),
      scopeMetrics: v.tuple([
        v.object({
          scope: v.object({ name: v.string(), version: v.string() }),
          metrics: v.array(
            v.object({
              name: v.string(),
              unit: v.string(),
              sum: v.optional(points),
              gauge: v.optional(points),
              histogram: v.optional(points),
            }),
          ),
        }),
      ]),
    }),
  ]),
});

type Point = v.InferOutput<typeof point>;
type Attributes = v.InferOutput<typeof attributes>;

function fromJson(body: Buffer): Exported {
  const { resourceMetrics } = v.parse(request, JSON.parse(body.toString()));
  const [{ resource, scopeMetrics }] = resourceMetrics;
  const [{ scope, metrics }] = scopeMetrics;
  const series = metrics.flatMap(({ name, sum, gauge, histogram }) => [
    ...[...(sum?.dataPoints ?? []), ...(gauge?.dataPoints ?? [])].map(
      (one) => [named(name, one.attributes), one.asDouble ?? Number.NaN] as const,
    ),
    ...(histogram?.dataPoints ?? []).flatMap((one) => histogramSeries(name, one)),
  ]);
  return {
    resource: new Map(resource.attributes.map(({ key, value }) => [key, value.stringValue ?? ""])),
    scope: `${scope.name} ${scope.version}`,
    units: new Map(metrics.map(({ name, unit }) => [name, unit])),
    series: new Map(series),
  };
}

function histogramSeries(name: string, one: Point): (readonly [string, number])[] {
  let upTo = 0;
  const buckets = one.bucketCounts.map((count, at) => {
    upTo += count;
    const le = String(one.explicitBounds[at] ?? "+Inf");
    return [named(`${name}_bucket`, [...one.attributes, attributeOf("le", le)]), upTo] as const;
  });
  return [
    ...buckets,
    [named(`${name}_sum`, one.attributes), one.sum ?? Number.NaN],
    [named(`${name}_count`, one.attributes), one.count ?? Number.NaN],
  ];
}

function attributeOf(key: string, stringValue: string): Attributes[number] {
  return { key, value: { stringValue } };
}

function named(name: string, labels: Attributes): string {
  return sortedSeries(
    name,
    labels.map(({ key, value }) => [key, value.stringValue ?? ""]),
  );
}

/** A series' name with its labels in order of the alphabet. */
export function sortedSeries(name: string, labels: (readonly [string, string])[]): string {
  const pairs = labels.map(([label, value]) => `${label}="${value}"`).toSorted();
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

/** Field numbers are those of opentelemetry/proto/metrics/v1. */
function fromProtobuf(body: Buffer): Exported {
  const resourceMetrics = only(fieldsOf(body), 1).message();
  const scopeMetrics = only(resourceMetrics, 2).message();
  const scope = only(scopeMetrics, 1).message();
  const metrics = all(scopeMetrics, 2).map((field) => field.message());
  const resource = all(only(resourceMetrics, 1).message(), 1).map(attributeIn);
  return {
    resource: new Map(resource.map(({ key, value }) => [key, value.stringValue ?? ""])),
    scope: `${only(scope, 1).text()} ${only(scope, 2).text()}`,
    units: new Map(metrics.map((metric) => [only(metric, 1).text(), unitIn(metric)])),
    series: new Map(metrics.flatMap(seriesIn)),
  };
}

function unitIn(metric: readonly WireField[]): string {
  return all(metric, 3)[0]?.text() ?? "";
}

/** Gauge is 5, sum 7, histogram 9. */
function seriesIn(metric: readonly WireField[]): (readonly [string, number])[] {
  const name = only(metric, 1).text();
  const numbers = [...all(metric, 5), ...all(metric, 7)].flatMap((data) =>
    all(data.message(), 1).map((field) => field.message()),
  );
  const histograms = all(metric, 9).flatMap((data) =>
    all(data.message(), 1).map((field) => field.message()),
  );
  return [
    ...numbers.map(
      (one) => [named(name, all(one, 7).map(attributeIn)), only(one, 4).double()] as const,
    ),
    ...histograms.flatMap((one) =>
      histogramSeries(name, {
        attributes: all(one, 9).map(attributeIn),
        asDouble: undefined,
        count: only(one, 4).fixed64(),
        sum: only(one, 5).double(),
        bucketCounts: all(one, 6).flatMap((field) => field.fixed64s()),
        explicitBounds: all(one, 7).flatMap((field) => field.doubles()),
      }),
    ),
  ];
}

function attributeIn(field: WireField): Attributes[number] {
  const pair = field.message();
  const value = only(pair, 2).message();
  return attributeOf(only(pair, 1).text(), all(value, 1)[0]?.text() ?? "");
}

function all(fields: readonly WireField[], number: number): WireField[] {
  return fields.filter((field) => field.number === number);
}

function only(fields: readonly WireField[], number: number): WireField {
  const [field] = all(fields, number);
  if (field === undefined) throw new Error(`the message has no field ${number}`);
  return field;
}
