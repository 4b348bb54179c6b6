/** A real Jaeger on loopback, and the traces that it has by its query API; scripts/jaeger.ts builds it. */
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import * as v from "valibot";
import { daemon } from "../kubernetes/support/process.ts";
import { toolFolder } from "../kubernetes/support/tools.ts";
import { eventually } from "../support/sidecar.ts";

/** The version that is built. */
export const jaegerVersion = "1.62.0";

/** The program's path; its version is in its name, so that an old one is never taken for a new one. */
export const jaegerPath: string = join(toolFolder, `jaeger-${jaegerVersion}`);

const tag = v.object({
  key: v.string(),
  type: v.picklist(["string", "bool", "int64", "float64"]),
  value: v.union([v.string(), v.number(), v.boolean()]),
});
const span = v.object({
  traceID: v.string(),
  spanID: v.string(),
  operationName: v.string(),
  references: v.array(
    v.object({
      refType: v.picklist(["CHILD_OF", "FOLLOWS_FROM"]),
      traceID: v.string(),
      spanID: v.string(),
    }),
  ),
  startTime: v.number(),
  duration: v.number(),
  tags: v.array(tag),
  logs: v.array(v.object({ fields: v.array(tag) })),
});
const traces = v.object({
  data: v.array(
    v.object({
      traceID: v.string(),
      spans: v.array(span),
      processes: v.record(v.string(), v.object({ serviceName: v.string() })),
    }),
  ),
});

/** A tag, or a field of an event. */
export interface JaegerTag {
  readonly key: string;
  readonly type: string;
  readonly value: string | number | boolean;
}

/** One span as Jaeger tells it; times are microseconds. */
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly {
    readonly refType: "CHILD_OF" | "FOLLOWS_FROM";
    readonly traceID: string;
    readonly spanID: string;
  }[];
  readonly startTime: number;
  readonly duration: number;
  readonly tags: readonly JaegerTag[];
  readonly logs: readonly { readonly fields: readonly JaegerTag[] }[];
}

/** One trace. */
export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** A running Jaeger. */
export interface Jaeger {
  /** Takes OTLP over HTTP. */
  readonly otlp: string;
  /** The trace once it has so many spans. */
  trace(traceId: string, spans: number): Promise<JaegerTrace>;
  /** Traces that have a span with this tag. */
  tagged(key: string, value: string): Promise<readonly JaegerTrace[]>;
  operations(service: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Resolves when both of its ends listen. */
export async function startJaeger(): Promise<Jaeger> {
  const [otlp, query] = [await freePort(), await freePort()];
  const anywhere = [
    "admin.http.host-port",
    "collector.grpc-server.host-port",
    "collector.http-server.host-port",
    "collector.otlp.grpc.host-port",
    "http-server.host-port",
    "processor.jaeger-binary.server-host-port",
    "processor.jaeger-compact.server-host-port",
    "processor.zipkin-compact.server-host-port",
    "query.grpc-server.host-port",
  ].map((flag) => `--${flag}=127.0.0.1:0`);
  const running = daemon(jaegerPath, [
    ...anywhere,
    `--collector.otlp.http.host-port=127.0.0.1:${otlp}`,
    `--query.http-server.host-port=127.0.0.1:${query}`,
  ]);
  const api = `http://127.0.0.1:${query}/api`;
  await eventually(() => isThere(`${api}/services`));
  await eventually(() => isThere(`http://127.0.0.1:${otlp}/`));
  return {
    otlp: `http://127.0.0.1:${otlp}`,
    trace: (id, many) =>
      eventually(async () => {
        const [found] = v.parse(traces, await asked(`${api}/traces/${id}`)).data;
        return found !== undefined && found.spans.length >= many ? found : null;
      }),
    tagged: async (key, value) => {
      const tags = encodeURIComponent(JSON.stringify({ [key]: value }));
      return v.parse(traces, await asked(`${api}/traces?service=sidestep&tags=${tags}`)).data;
    },
    operations: async (service) =>
      v.parse(
        v.object({ data: v.array(v.string()) }),
        await asked(`${api}/services/${service}/operations`),
      ).data,
    close: () => running.stop(),
  };
}

/** A trace that is not there yet is answered 404, in the same form. */
async function asked(url: string): Promise<unknown> {
  const body: unknown = await (await fetch(url)).json();
  return v.parse(v.object({ data: v.nullable(v.unknown()) }), body).data === null
    ? { data: [] }
    : body;
}

async function isThere(url: string): Promise<true | null> {
  const reply = await fetch(url).catch(() => null);
  await reply?.text();
  return reply === null ? null : true;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
