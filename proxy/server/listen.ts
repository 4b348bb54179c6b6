/** The data listener: one port for HTTP/1.1 and HTTP/2, on one or several addresses; assemble creates it. */
import { createServer, type Server, type Socket } from "node:net";
import type { Recorder } from "../core/ports.ts";
import { Activity, type ActivityCounts } from "./activity.ts";
import { boundAddress, formatAddress, type ListenAddress } from "./address.ts";
import { Http1 } from "./http1.ts";
import { Http2 } from "./http2.ts";
import type { Live } from "./live.ts";
import { recognise } from "./preface.ts";
import { serve, serveUpgrade, type ServeParts } from "./serve.ts";
import { defaultTimeouts, type ServerTimeouts } from "./timeouts.ts";

/** What the data listener needs. */
export interface DataServerOptions {
  /** Where port 0 is given more than once, all share the port that the first one gets. */
  readonly addresses: readonly ListenAddress[];
  /** The stack for the next call: asked once for each. */
  readonly current: () => Live;
  readonly faults: Pick<Recorder, "fault">;
  /** Hears what is not as asked but no reason to stop. */
  readonly warn: (message: string) => void;
  readonly timeouts?: Partial<ServerTimeouts>;
}

/** The running listener. */
export interface DataServer {
  readonly addresses: readonly ListenAddress[];
  counts(): ActivityCounts;
  /** Calls `hear` whenever a call begins or ends; returns how to stop. */
  watch(hear: () => void): () => void;
  /** Stops accepting connections, ends those without a call, and closes each other one after its reply. */
  refuseNew(): void;
  /** Ends everything at once. */
  close(): Promise<void>;
}

/** Binds and serves. Rejects with the system's error when an address that must be had cannot be bound. */
export async function createDataServer(options: DataServerOptions): Promise<DataServer> {
  const listener = new Listener(options);
  try {
    for (const address of options.addresses) await listener.bind(address);
  } catch (error) {
    await listener.close();
    throw error;
  }
  return listener;
}

class Listener implements DataServer {
  readonly addresses: ListenAddress[] = [];
  readonly #options: DataServerOptions;
  readonly #timeouts: ServerTimeouts;
  readonly #activity = new Activity();
  readonly #servers = new Set<Server>();
  readonly #sockets = new Set<Socket>();
  /** Connections that have not said yet what they speak. */
  readonly #silent = new Set<Socket>();
  readonly #http1: Http1;
  readonly #http2: Http2;
  #isClosing = false;

  constructor(options: DataServerOptions) {
    this.#options = options;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
    const { current, faults } = options;
    const timeouts = this.#timeouts;
    const parts: ServeParts = { current, faults, timeouts, isClosing: () => this.#isClosing };
    this.#http1 = new Http1(
      {
        call: (exchange) => void this.#activity.during("call", serve(exchange, parts)),
        upgrade: (exchange) => void this.#activity.during("tunnel", serveUpgrade(exchange, parts)),
      },
      timeouts,
    );
    this.#http2 = new Http2(
      (exchange) => void this.#activity.during("call", serve(exchange, parts)),
      timeouts,
    );
  }

  counts(): ActivityCounts {
    return this.#activity.counts;
  }

  watch(hear: () => void): () => void {
    return this.#activity.watch(hear);
  }

  async bind(wanted: ListenAddress): Promise<void> {
    const shared = wanted.port === 0 ? (this.addresses[0]?.port ?? 0) : wanted.port;
    const server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
      (socket) => this.#accepted(socket),
    );
    try {
      await listening(server, { ...wanted, port: shared });
    } catch (error) {
      if (!wanted.isOptional || !isMissingAddress(error)) throw error;
      this.#options.warn(
        `${formatAddress(wanted)} is not there on this machine: not listening on it`,
      );
      return;
    }
    server.on("error", (error) =>
      this.#options.warn(`accepting a connection failed: ${error.name}`),
    );
    this.#servers.add(server);
    this.addresses.push(boundAddress(server.address()));
  }

  refuseNew(): void {
    this.#isClosing = true;
    for (const server of this.#servers) server.close();
    for (const socket of this.#silent) socket.destroy();
    this.#http1.closeIdle();
    this.#http2.closeIdle();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const closed = [...this.#servers].map(closing);
    this.#http1.close();
    this.#http2.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  #accepted(socket: Socket): void {
    this.#activity.connected(1);
    this.#sockets.add(socket);
    this.#silent.add(socket);
    socket.once("close", () => {
      this.#activity.connected(-1);
      this.#sockets.delete(socket);
      this.#silent.delete(socket);
    });
    const limits = { silentMs: this.#timeouts.idleMs, partialMs: this.#timeouts.headMs };
    recognise(socket, limits, (version) => {
      this.#silent.delete(socket);
      (version === "http2" ? this.#http2 : this.#http1).accept(socket);
    });
  }
}

function listening(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      { host: address.host, port: address.port, ipv6Only: isPlainIpv6(address) },
      () => {
        server.off("error", reject);
        resolve();
      },
    );
  });
}

// "::" means every address, IPv4 included; any other IPv6 address means itself.
function isPlainIpv6(address: ListenAddress): boolean {
  return address.host.includes(":") && address.host !== "::";
}

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

const missingCodes: ReadonlySet<unknown> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"]);

function isMissingAddress(error: unknown): boolean {
  return error instanceof Error && "code" in error && missingCodes.has(error.code);
}
