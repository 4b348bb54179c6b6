/** The least that a relay in Node is: node:http in front, undici's dispatch behind, nothing read, nothing decided. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Pool, type Dispatcher } from "undici";
import { endToEnd, serveOn } from "../program.ts";

const upstream = process.argv[2] ?? "";
const pool = new Pool(upstream, { connections: null, headersTimeout: 0, bodyTimeout: 0 });

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

function methodOf({ method }: IncomingMessage): Dispatcher.HttpMethod {
  return method === "POST" ? "POST" : "GET";
}

serveOn(server, Number(process.argv[3] ?? 0));
