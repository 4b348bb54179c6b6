/** The least that a relay in Node is: node:http in front, undici's dispatch behind, nothing read, nothing decided. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Pool, type Dispatcher } from "undici";

const upstream = process.argv[2] ?? "";
const pool = new Pool(upstream, { connections: null, headersTimeout: 0, bodyTimeout: 0 });
const dropped = new Set(["connection", "host", "keep-alive", "transfer-encoding"]);

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const handler = new Passing(response);
  pool.dispatch(
    {
      path: request.url ?? "/",
      method: methodOf(request),
      headers: endToEnd(request.rawHeaders),
      body: request,
    },
    handler,
  );
});

class Passing implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.sendDate = false;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.on("close", () => {
      if (!this.#response.writableFinished) controller.abort(new Error("the caller left"));
    });
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const lines: unknown = controller.rawHeaders;
    this.#response.writeHead(status, endToEnd(Array.isArray(lines) ? lines.map(String) : []));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once("drain", () => controller.resume());
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

function endToEnd(lines: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] ?? "";
    if (!dropped.has(name.toLowerCase())) kept.push(name, lines[at + 1] ?? "");
  }
  return kept;
}

function methodOf({ method }: IncomingMessage): Dispatcher.HttpMethod {
  return method === "POST" ? "POST" : "GET";
}

server.listen(Number(process.argv[3] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ event: "ready", url: `http://127.0.0.1:${port}` })}\n`);
});
