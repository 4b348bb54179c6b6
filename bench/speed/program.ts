/** What the bench's own servers have in common: a port of the loopback, a first line that tells it, and header lines that go on. */
import type { Server } from "node:http";

/** Connections that may wait while the server is busy. */
const backlog = 4096;

/** Serves on a port, 0 for any, and says where on standard output. */
export function serveOn(server: Server, port: number): void {
  server.listen({ port, host: "127.0.0.1", backlog }, () => {
    const address = server.address();
    const bound = typeof address === "object" && address !== null ? address.port : 0;
    const url = `http://127.0.0.1:${bound}`;
    process.stdout.write(`${JSON.stringify({ event: "ready", url })}\n`);
  });
}

const dropped = new Set(["connection", "host", "keep-alive", "transfer-encoding"]);

/** The lines, name and value in turn, without those that belong to one connection. */
export function endToEnd(lines: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] ?? "";
    if (!dropped.has(name.toLowerCase())) kept.push(name, lines[at + 1] ?? "");
  }
  return kept;
}
