/** Carries an upgraded connection: raw bytes both ways between caller and provider, half-open ends included. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Ending } from "../core/decision.ts";
import type { Switched } from "../layers/upgrade.ts";
import type { UpgradeExchange } from "./exchange.ts";
import { verdictHeaders } from "./headers.ts";

/** An upgrade that the provider accepted. */
export interface TunnelTask {
  readonly exchange: UpgradeExchange;
  readonly tunnel: Switched;
  readonly id: string;
  /** Milliseconds of silence after which a half-closed tunnel ends. */
  readonly lingerMs: number;
}

/**
 * Ends `socket` when its caller closes while the provider is still being asked: nothing else reads it
 * meanwhile. Bytes that come early stay in it. Returns how to stop watching.
 */
export function watchCaller(socket: Socket): () => void {
  const peek = (): void => {
    if (socket.readableLength === 0) socket.read();
  };
  const gone = (): void => {
    socket.destroy();
  };
  socket.on("readable", peek).on("end", gone);
  return () => {
    socket.off("readable", peek).off("end", gone);
  };
}

/** Sends the provider's head with our headers, then carries bytes until both sides are done. Never rejects. */
export function openTunnel(task: TunnelTask): Promise<Ending> {
  const { exchange, tunnel } = task;
  const { socket } = exchange;
  exchange.detach();
  tunnel.socket.on("error", () => undefined);
  return new Promise((resolve) => {
    new Carriage(socket, tunnel.socket, task.lingerMs).run(headBytes(task), (kind) => {
      resolve({ kind });
    });
  });
}

function headBytes(task: TunnelTask): Buffer {
  const { tunnel, id } = task;
  const lines = [...tunnel.headers, ...verdictHeaders(tunnel.verdict, { id, cache: null })];
  let head = `HTTP/1.1 101 ${tunnel.statusText}\r\n`;
  for (let at = 0; at < lines.length; at += 2) head += `${lines[at]}: ${lines[at + 1]}\r\n`;
  return Buffer.from(`${head}\r\n`, "latin1");
}

/** Two sockets, and the bytes between them. */
class Carriage {
  readonly #caller: Socket;
  readonly #provider: Duplex;
  readonly #lingerMs: number;
  #linger: NodeJS.Timeout | null = null;
  /** Who was the first to break off without ending; null while all is in order. */
  #broken: "aborted" | "cut" | null = null;

  constructor(caller: Socket, provider: Duplex, lingerMs: number) {
    this.#caller = caller;
    this.#provider = provider;
    this.#lingerMs = lingerMs;
  }

  run(head: Buffer, over: (kind: Ending["kind"]) => void): void {
    let open = 2;
    const closed = (): void => {
      open -= 1;
      if (open > 0) return;
      if (this.#linger !== null) clearTimeout(this.#linger);
      over(this.#broken ?? "complete");
    };
    this.#attend(this.#caller, this.#provider, { broken: "aborted", closed });
    this.#attend(this.#provider, this.#caller, { broken: "cut", closed });
    if (!this.#caller.destroyed) this.#caller.write(head);
    this.#carry(this.#caller, this.#provider);
    this.#carry(this.#provider, this.#caller);
  }

  #attend(
    side: Duplex,
    other: Duplex,
    hear: { readonly broken: "aborted" | "cut"; readonly closed: () => void },
  ): void {
    const closed = (): void => {
      if (!side.readableEnded && !other.destroyed) this.#broken ??= hear.broken;
      finishSoon(other);
      hear.closed();
    };
    if (side.closed) queueMicrotask(closed);
    else side.once("close", closed);
  }

  #carry(from: Duplex, to: Duplex): void {
    from.on("data", (chunk: Buffer) => {
      this.#linger?.refresh();
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => from.resume());
    from.on("end", () => {
      to.end();
      this.#linger ??= setTimeout(() => this.#giveUp(), this.#lingerMs).unref();
    });
    from.resume();
  }

  #giveUp(): void {
    this.#caller.destroy();
    this.#provider.destroy();
  }
}

/** Destroys a stream after what was written to it has left. */
function finishSoon(stream: Duplex): void {
  if (stream.destroyed) return;
  if (stream.writableFinished) {
    stream.destroy();
    return;
  }
  stream.once("finish", () => stream.destroy());
  stream.end();
}
