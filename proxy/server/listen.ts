/** The data listener: one port for HTTP/1.1 and HTTP/2, on one or several addresses; assemble creates it. */
import type { Server, Socket } from "node:net";
import type { Policy } from "../core/policy.ts";
import type { Recorder } from "../core/ports.ts";
import { DEFAULT_CAPACITY } from "../policy/defaults.ts";
import { acceptors } from "./acceptor.ts";
import { Activity, type ActivityCounts } from "./activity.ts";
import { boundAddress, formatAddress, type ListenAddress } from "./address.ts";
import { capacityOf, type Capacity } from "./capacity.ts";
import { Door } from "./door.ts";
import { Http1 } from "./http1.ts";
import { Http2 } from "./http2.ts";
import type { Live } from "./live.ts";
import { recognise } from "./preface.ts";
import { ReadingBudget } from "./reading-budget.ts";
import { roomHere, type Room } from "./room.ts";
import { serve, serveUpgrade, type ServeParts } from "./serve.ts";
import { defaultTimeouts, type ServerTimeouts } from "./timeouts.ts";
import { Waiting } from "./waiting.ts";

/** Milliseconds for what was cut to be recorded. */
const settleMs = 1_000;

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
  /** What the system allows; asked for when not given. */
  readonly room?: Room;
  /** Whether calls are only passed on, since memory is low; never when not given. */
  readonly isMemoryLow?: () => boolean;
  /** Hears of each connection, and each stream of HTTP/2, for which there was no room. */
  readonly turnedAway?: (most: number) => void;
}

/** The running listener. */
export interface DataServer {
  readonly addresses: readonly ListenAddress[];
  counts(): ActivityCounts;
  /** The bounds that hold now. */
  capacity(): Capacity;
  /** Calls `hear` whenever a call begins or ends; returns how to stop. */
  watch(hear: () => void): () => void;
  /** Stops accepting connections, ends those without a call, and closes each other one after its reply. */
  refuseNew(): void;
  /** Answers calls whose reply has not begun with an error that tells them to come again. */
  giveUp(): void;
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
  readonly #door: Door;
  readonly #room: Room;
  #stated: Policy["capacity"] = DEFAULT_CAPACITY;
  #isClosing = false;
  /** Calls that wait for their reply. */
  readonly #waiting = new Waiting();
  #isGivenUp = false;

  constructor(options: DataServerOptions) {
    this.#options = options;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
    const { current, faults } = options;
    const timeouts = this.#timeouts;
    this.#room = options.room ?? roomHere();
    const capacity = (): Capacity => this.capacity();
    this.#door = new Door({
      most: () => capacity().connections,
      makeRoom: () => this.#makeRoom(),
      turnedAway: () => options.turnedAway?.(capacity().connections),
    });
    const parts: ServeParts = {
      current,
      faults,
      timeouts,
      budget: new ReadingBudget(),
      capacity,
      isMemoryLow: () => options.isMemoryLow?.() ?? false,
      isClosing: () => this.#isClosing,
      whenGivenUp: (hear) => this.#whenGivenUp(hear),
    };
    this.#http1 = new Http1(
      {
        call: (exchange) => void this.#activity.during("call", serve(exchange, parts)),
        upgrade: (exchange) => void this.#activity.during("tunnel", serveUpgrade(exchange, parts)),
      },
      timeouts,
    );
    this.#http2 = new Http2(
      (exchange) => void this.#activity.during("call", serve(exchange, parts)),
      { timeouts, door: this.#door },
    );
  }

  capacity(): Capacity {
    try {
      this.#stated = this.#options.current().snapshot.policy.capacity;
    } catch {
      // Whoever serves the call will notice; the bounds stay what they were.
    }
    return capacityOf(this.#stated, this.#room);
  }

  counts(): ActivityCounts {
    return this.#activity.counts;
  }

  watch(hear: () => void): () => void {
    return this.#activity.watch(hear);
  }

  async bind(wanted: ListenAddress): Promise<void> {
    const shared = wanted.port === 0 ? (this.addresses[0]?.port ?? 0) : wanted.port;
    const { warn } = this.#options;
    try {
      const servers = await acceptors({ ...wanted, port: shared }, (one) => this.#accepted(one));
      for (const server of servers) {
        server.on("error", (error) => warn(`accepting a connection failed: ${error.name}`));
        this.#servers.add(server);
      }
      this.addresses.push(boundAddress(servers[0]?.address() ?? null));
    } catch (error) {
      if (!wanted.isOptional || !isMissingAddress(error)) throw error;
      warn(`${formatAddress(wanted)} is not there on this machine: not listening on it`);
    }
  }

  refuseNew(): void {
    this.#isClosing = true;
    for (const server of this.#servers) server.close();
    for (const socket of this.#silent) socket.destroy();
    this.#http1.closeIdle();
    this.#http2.closeIdle();
  }

  giveUp(): void {
    this.#isGivenUp = true;
    this.#waiting.tell();
  }

  #whenGivenUp(hear: () => void): () => void {
    if (this.#isGivenUp) hear();
    return this.#waiting.enter(hear);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const closed = [...this.#servers].map(closing);
    this.#http1.close();
    this.#http2.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
    await this.#settled();
  }

  /** A server counts as closed before its sockets have said so, and only then is each call's record settled. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(late);
        unwatch();
        resolve();
      };
      const look = (): void => {
        const { calls, tunnels } = this.#activity.counts;
        if (calls + tunnels === 0) done();
      };
      const late = setTimeout(done, settleMs);
      const unwatch = this.#activity.watch(look);
      look();
    });
  }

  /** Connections that wait for their next call, and the older half of those that have never said anything. */
  #makeRoom(): number {
    const before = this.#standing();
    const silent = [...this.#silent];
    for (const socket of silent.slice(0, Math.ceil(silent.length / 2))) socket.destroy();
    this.#http1.closeIdle();
    this.#http2.closeUnused();
    return before - this.#standing();
  }

  #standing(): number {
    return [...this.#sockets].filter((socket) => !socket.destroyed).length;
  }

  #accepted(socket: Socket): void {
    if (!this.#door.enter()) {
      socket.on("error", () => undefined).resetAndDestroy();
      return;
    }
    this.#activity.connected(1);
    this.#sockets.add(socket);
    this.#silent.add(socket);
    socket.once("close", () => {
      this.#activity.connected(-1);
      this.#door.leave();
      this.#sockets.delete(socket);
      this.#silent.delete(socket);
    });
    const limits = { silentMs: this.#timeouts.idleMs, partialMs: this.#timeouts.headMs };
    recognise(socket, limits, (version) => {
      this.#silent.delete(socket);
      const { headBytes } = this.capacity();
      (version === "http2" ? this.#http2 : this.#http1).accept(socket, headBytes);
    });
  }
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
