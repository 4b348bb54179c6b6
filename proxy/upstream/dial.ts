/** Opens the socket to a provider: TCP, a proxy's CONNECT where one holds, TLS; the pool's agent dials with it. */
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls, type SecureContext } from "node:tls";
import { startFairTimer } from "./fair-timer.ts";
import { hearOut } from "./hearing.ts";
import { hostOf, portOf } from "./proxy-rule.ts";

/** Where a connection leads. */
export interface Endpoint {
  /** The provider's URL; scheme, host and port count. */
  readonly url: URL;
  readonly proxy: URL | null;
  /** Whether the proxy is asked for a tunnel; otherwise it reads absolute request targets. */
  readonly isTunnelled: boolean;
}

/** What one attempt to connect may take. */
export interface DialLimits {
  /** Milliseconds for name, TCP, proxy and TLS together. */
  readonly connectMs: number;
  readonly signal: AbortSignal;
}

/** TLS settings that connections to one endpoint share. */
export interface TlsSettings {
  readonly context: SecureContext | null;
  readonly session: Buffer | undefined;
  readonly learned: (session: Buffer) => void;
}

/** Why no connection came about; `code` names it for logs, e.g. ECONNREFUSED or PROXY_407. */
export class DialError extends Error {
  readonly code: string;
  readonly isTimeout: boolean;

  constructor(code: string, isTimeout = false) {
    super(`no connection: ${code}`);
    this.name = "DialError";
    this.code = code;
    this.isTimeout = isTimeout;
  }
}

/** Most bytes of a proxy's answer to CONNECT. */
const proxyHeadBytes = 65_536;

/** A connected socket, TLS done; rejects with DialError, having left nothing open. */
export async function dial(
  endpoint: Endpoint,
  limits: DialLimits,
  tls: TlsSettings,
): Promise<Socket> {
  const halt = new Halt();
  const gone = (): void => halt.now(new DialError("ABORTED"));
  const callOff = startFairTimer(limits.connectMs, () =>
    halt.now(new DialError("CONNECT_TIMEOUT", true)),
  );
  limits.signal.addEventListener("abort", gone);
  if (limits.signal.aborted) gone();
  try {
    const socket = await dialled(endpoint, halt, tls);
    hearOut(socket);
    return socket;
  } finally {
    callOff();
    limits.signal.removeEventListener("abort", gone);
  }
}

/** What this machine is short of now; the provider has nothing to do with it. */
const shortages: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS"]);

/** Time in which a file may be closed. */
const shortageMs = 25;

/** Whether it was for want of something here that no connection came about. */
export function isShortage(error: DialError): boolean {
  return shortages.has(error.code) || (isNameFailure(error) && !canOpen());
}

function isNameFailure({ code }: DialError): boolean {
  return /^(?:ENOTFOUND|EAI_\w+)$/u.test(code);
}

/** A name cannot be looked up without a file to open, and then seems not to exist. */
function canOpen(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return true;
  } catch (error) {
    // Where there is no such file it says nothing.
    return !(error instanceof Error && "code" in error && shortages.has(String(error.code)));
  }
}

/** Tries until there is a socket to be had, or the time to connect is over. */
async function dialled(endpoint: Endpoint, halt: Halt, tls: TlsSettings): Promise<Socket> {
  for (let wasShort = false; ;) {
    try {
      return await new Dialling(endpoint, halt, tls).run();
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      const isShort = isShortage(error);
      // A name that was looked up while files ran out again may fail after they are back.
      if (!isShort && !(wasShort && isNameFailure(error))) throw error;
      wasShort = isShort;
      await pause(shortageMs);
      // Out of time for a reason of ours, which the provider is not to be blamed for.
      if (halt.reason !== null) throw halt.reason.isTimeout ? error : halt.reason;
    }
  }
}

/** Breaks off whichever stage is at work. */
class Halt {
  reason: DialError | null = null;
  socket: Socket | null = null;

  now(reason: DialError): void {
    this.reason = reason;
    this.socket?.destroy(reason);
  }
}

/** One attempt, stage by stage; each stage hands on a socket or has destroyed it. */
class Dialling {
  readonly #endpoint: Endpoint;
  readonly #halt: Halt;
  readonly #tls: TlsSettings;

  constructor(endpoint: Endpoint, halt: Halt, tls: TlsSettings) {
    this.#endpoint = endpoint;
    this.#halt = halt;
    this.#tls = tls;
  }

  async run(): Promise<Socket> {
    const { url, proxy, isTunnelled } = this.#endpoint;
    const plain = await this.#tcp(proxy ?? url);
    const first = proxy?.protocol === "https:" ? await this.#secure(plain, proxy, null) : plain;
    if (proxy !== null && !isTunnelled) return first;
    if (proxy !== null) await this.#tunnel(first, proxy, url);
    return url.protocol === "https:" ? this.#secure(first, url, this.#tls) : first;
  }

  #tcp(url: URL): Promise<Socket> {
    const socket = connect({ host: hostOf(url), port: Number(portOf(url)), noDelay: true });
    socket.setKeepAlive(true, 60_000);
    return this.#stage(socket, () => once(socket, "connect"));
  }

  #secure(below: Socket, url: URL, resumable: TlsSettings | null): Promise<Socket> {
    const host = hostOf(url);
    const { context } = this.#tls;
    const socket = connectTls({
      socket: below,
      host,
      servername: isIP(host) === 0 ? host : "",
      ALPNProtocols: ["http/1.1"],
      ...(context === null ? {} : { secureContext: context }),
      ...(resumable?.session === undefined ? {} : { session: resumable.session }),
    });
    if (resumable !== null) socket.on("session", resumable.learned);
    return this.#stage(socket, () => once(socket, "secureConnect"));
  }

  async #tunnel(socket: Socket, proxy: URL, url: URL): Promise<void> {
    await this.#stage(socket, async () => {
      const authority = `${url.hostname}:${portOf(url)}`;
      socket.write(connectHead(authority, proxyAuthorization(proxy)), "latin1");
      const status = await proxyStatus(socket);
      if (status < 200 || status > 299) throw new DialError(`PROXY_${status}`);
    });
  }

  async #stage<Kind extends Socket>(socket: Kind, work: () => Promise<unknown>): Promise<Kind> {
    this.#halt.socket = socket;
    // Whatever breaks between two stages must not end the process.
    socket.on("error", ignored);
    try {
      if (this.#halt.reason !== null) throw this.#halt.reason;
      await work();
      return socket;
    } catch (error) {
      socket.destroy();
      throw dialError(error);
    }
  }
}

/** What a proxy of our own wants to see of us; null when its URL names no user. */
export function proxyAuthorization(proxy: URL): string | null {
  if (proxy.username === "") return null;
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function connectHead(authority: string, authorization: string | null): string {
  const proof = authorization === null ? "" : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${proof}\r\n`;
}

/** The status of a proxy's answer; what follows its head stays unread in the socket. */
async function proxyStatus(socket: Socket): Promise<number> {
  let head: Buffer = Buffer.alloc(0);
  const chunks: AsyncIterable<Buffer> = socket.iterator({ destroyOnReturn: false });
  for await (const bytes of chunks) {
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf("\r\n\r\n");
    if (end >= 0) {
      socket.unshift(head.subarray(end + 4));
      return statusOf(head);
    }
    if (head.length > proxyHeadBytes) throw new DialError("PROXY_INVALID");
  }
  throw new DialError("PROXY_CLOSED");
}

function statusOf(head: Buffer): number {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString("latin1", 0, 64))?.[1];
  if (status === undefined) throw new DialError("PROXY_INVALID");
  return Number(status);
}

// Only the code goes on: a message may name what it should not.
function dialError(error: unknown): DialError {
  if (error instanceof DialError) return error;
  const code = error instanceof Error && "code" in error ? error.code : null;
  return new DialError(typeof code === "string" ? code : "CONNECT_FAILED");
}

function ignored(): void {
  // Whoever waits for the socket hears of it in another way.
}
