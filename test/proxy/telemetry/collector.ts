/** A real OTLP collector on loopback: keeps every span it is sent as JSON. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A span as OTLP/JSON writes it, as far as tests look. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number };
  readonly attributes: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, unknown>>;
  }[];
}

interface SentBody {
  readonly resourceSpans: readonly {
    readonly resource: Pick<SentSpan, "attributes">;
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

/** What arrived. */
export interface Collector {
  readonly url: string;
  readonly spans: SentSpan[];
  readonly resources: Pick<SentSpan, "attributes">[];
  readonly contentTypes: string[];
  /** What came as JSON, as it came. */
  readonly texts: string[];
  close(): Promise<void>;
}

/** A collector that listens; `status` is its reply to everything. */
export async function createCollector(status = 200): Promise<Collector> {
  const kept: Pick<Collector, "spans" | "resources" | "contentTypes" | "texts"> = {
    spans: [],
    resources: [],
    contentTypes: [],
    texts: [],
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const type = request.headers["content-type"] ?? "";
      kept.contentTypes.push(type);
      if (type === "application/json") keep(kept, Buffer.concat(chunks).toString());
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { ...kept, url: `http://127.0.0.1:${portOf(server)}`, close: async () => closed(server) };
}

function keep(kept: Pick<Collector, "spans" | "resources" | "texts">, text: string): void {
  kept.texts.push(text);
  // Zipkin's form is a list.
  if (text.startsWith("[")) return;
  const body: SentBody = JSON.parse(text);
  for (const { resource, scopeSpans } of body.resourceSpans) {
    kept.resources.push(resource);
    kept.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
  }
}

/** An attribute's value, whatever its type; undefined when the span has none. */
export function attributeOf(span: Pick<SentSpan, "attributes"> | undefined, key: string): unknown {
  const value = span?.attributes.find((attribute) => attribute.key === key)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
