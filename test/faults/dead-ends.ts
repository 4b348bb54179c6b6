/** Places where no connection comes about: a port that never accepts, and servers that are no good at TLS. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Worker } from "node:worker_threads";

/** Somewhere to connect to; close it after the test. */
export interface DeadEnd {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: number;
  close(): Promise<void>;
}

/** Listens and then never runs again, so that only the kernel accepts, and only as many as wait in its queue. */
const sleeper = `
const { parentPort } = require("node:worker_threads");
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
`;

/** A port that swallows every attempt to connect without a word. */
export async function createBlackHole(): Promise<DeadEnd> {
  const worker = new Worker(sleeper, { eval: true });
  const [port]: number[] = await once(worker, "message");
  if (port === undefined) throw new Error("no port");
  // The queue takes backlog + 1; from then on the kernel drops what comes.
  const queued = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
  for (const socket of queued) socket.on("error", () => undefined);
  await Promise.all(queued.map((socket) => once(socket, "connect")));
  return {
    port,
    open: 0,
    close: async () => {
      for (const socket of queued) socket.destroy();
      await worker.terminate();
    },
  };
}

/** A server that does `act` with every connection, and nothing else. */
export async function createBadServer(act: (socket: Socket) => void): Promise<DeadEnd> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    act(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: portOf(server),
    get open() {
      return sockets.size;
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  return address.port;
}
