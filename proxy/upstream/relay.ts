/** One exchange with a provider: head and body out as they are, the reply back as it comes; attempts run it. */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { SidestepError } from "../core/errors.ts";
import { headerValue, type RequestBody } from "../core/http.ts";
import type { Timeouts } from "../core/policy.ts";
import type { Tunnel, UpstreamCall } from "../core/ports.ts";
import type { UpstreamReply } from "../core/reply.ts";
import { replyHeaders } from "./edits.ts";
import * as failures from "./failure.ts";
import { framed } from "./framing.ts";
import { patienceFor } from "./patience.ts";
import type { Pool, PoolRequest } from "./pool.ts";
import { watchSilence } from "./silence.ts";
import { Upload } from "./upload.ts";

/** A call without its account. */
export interface ExchangeCall extends Omit<UpstreamCall, "account"> {
  /** Takes the connection when the provider switches protocols; null when that was not asked for. */
  readonly onSwitch: ((tunnel: Tunnel) => void) | null;
}

/** How an exchange began: the reply's head is there, or it never came. */
export type Exchanged = UpstreamReply | failures.Failure;

/**
 * Runs one exchange; never rejects. The caller's signal ends it in every phase, the reply's body and a
 * tunnel included. Interim replies (1xx) are dropped.
 */
export function exchange(pool: Pool, call: ExchangeCall): Promise<Exchanged> {
  if (call.signal.aborted) return Promise.resolve(failures.callerGone);
  const isUpgrade = call.onSwitch !== null;
  const wanted: PoolRequest = {
    url: call.provider.url,
    method: call.method,
    path: call.path,
    headers: framed({ ...call, isUpgrade, host: call.provider.url.host }),
    isUpgrade,
    connectMs: call.provider.timeouts.connectMs,
    signal: call.signal,
  };
  try {
    const request = pool.request(wanted);
    const isProxied = pool.isForwardedByProxy(wanted);
    return new Exchange(request, call, isProxied).start(wanted, call.body);
  } catch (error) {
    return Promise.resolve(failures.unsendable(error));
  }
}

class Exchange {
  readonly #request: ClientRequest;
  readonly #signal: AbortSignal;
  readonly #onSwitch: ExchangeCall["onSwitch"];
  readonly #isProxied: boolean;
  readonly #timeouts: Timeouts;
  readonly #began: PromiseWithResolvers<Exchanged> = Promise.withResolvers();
  #upload: Upload | null = null;
  #reply: IncomingMessage | null = null;
  #headTimer: NodeJS.Timeout | null = null;
  /** True while a kept connection is not known to be still open. */
  #isStale = false;
  #hasBegun = false;
  /** Bytes that had come on the connection when the call was sent. */
  #readBytes = 0;

  constructor(request: ClientRequest, call: ExchangeCall, isProxied: boolean) {
    this.#request = request;
    this.#signal = call.signal;
    this.#onSwitch = call.onSwitch;
    this.#isProxied = isProxied;
    this.#timeouts = patienceFor(call.provider.timeouts, call.headers);
  }

  /** The body is the upload's alone, so that nothing holds it once it is sent. */
  start(wanted: PoolRequest, body: RequestBody): Promise<Exchanged> {
    const request = this.#request;
    const declared = headerValue(wanted.headers, "content-length");
    this.#upload = new Upload(request, body, declared, {
      progressed: () => this.#headTimer?.refresh(),
      broken: () => this.#end(failures.callerGone),
    });
    request.on("socket", this.#connected);
    request.on("response", this.#replied);
    if (this.#onSwitch !== null) {
      request.on("upgrade", this.#switched);
      // Refused or not, what the provider reads on this connection from now on is not ours to know.
      request.shouldKeepAlive = false;
    }
    request.on("error", this.#broke);
    request.on("close", this.#closed);
    this.#signal.addEventListener("abort", this.#aborted);
    return this.#began.promise;
  }

  // A socket comes connected; the body is not touched before, so a failed attempt leaves it whole.
  // One that was kept may have been closed by the provider meanwhile: a whole turn of the loop, from
  // one check phase to the next, shows it before anything is sent.
  readonly #connected = (): void => {
    this.#isStale = this.#request.reusedSocket;
    if (this.#isStale) setImmediate(() => setImmediate(this.#send));
    if (!this.#isStale) this.#send();
  };

  readonly #send = (): void => {
    if (this.#request.destroyed) return;
    this.#isStale = false;
    this.#readBytes = this.#request.socket?.bytesRead ?? 0;
    const { firstByteMs } = this.#timeouts;
    if (firstByteMs > 0) this.#headTimer = setTimeout(this.#headDue, firstByteMs);
    this.#upload?.start();
  };

  // Timers run before sockets are read: what has arrived meanwhile shall count first.
  readonly #headDue = (): void => void setImmediate(this.#headMissed);

  // The provider's time does not run while the caller is still sending.
  readonly #headMissed = (): void => {
    if (this.#headTimer === null) return;
    if (this.#upload?.isWaitingForCaller === true) this.#headTimer.refresh();
    if (this.#upload?.isWaitingForCaller !== true) this.#end(failures.headLate);
  };

  readonly #replied = (message: IncomingMessage): void => {
    this.#stopHeadTimer();
    this.#reply = message;
    const { statusCode: status = 0 } = message;
    if (status < 100) {
      this.#end(failures.statusUnknown);
      return;
    }
    if (this.#isProxied && status === 407) {
      this.#end(failures.proxyRefused);
      return;
    }
    this.#hasBegun = true;
    message.on("end", this.#replyEnded);
    this.#request.on("close", watchSilence(message, this.#timeouts.idleMs));
    this.#began.resolve({
      status,
      statusText: message.statusMessage ?? "",
      headers: replyHeaders(message.rawHeaders),
      body: message,
      trailers: () => replyHeaders(message.rawTrailers),
    });
  };

  // What the caller still sends after a whole reply is of no use to anybody.
  readonly #replyEnded = (): void => {
    if (this.#request.writableFinished) return;
    this.#upload?.stop();
    this.#request.destroy();
  };

  readonly #switched = (message: IncomingMessage, socket: Socket, first: Buffer): void => {
    this.#stopHeadTimer();
    const signal = this.#signal;
    const cut = (): void => void socket.destroy();
    signal.addEventListener("abort", cut);
    socket.setTimeout(0).on("close", () => signal.removeEventListener("abort", cut));
    socket.on("error", ignored);
    const head = Buffer.concat([headOf(message), first]);
    this.#hasBegun = true;
    this.#onSwitch?.({ kind: "tunnel", head, socket });
  };

  readonly #aborted = (): void => this.#end(failures.callerGone);

  // A reply that is whole stays so, whatever its connection brings afterwards.
  readonly #broke = (error: unknown): void => {
    if (this.#reply?.complete === true) return;
    if (this.#isStale) this.#end(failures.stale);
    else this.#end({ ...failures.failureOf(error), isUnheard: this.#isUnheard() });
  };

  #isUnheard(): boolean {
    const { reusedSocket, socket } = this.#request;
    return reusedSocket && socket?.bytesRead === this.#readBytes;
  }

  #end(failure: failures.Failure): void {
    this.#began.resolve(failure);
    this.#stopHeadTimer();
    this.#upload?.stop();
    this.#reply?.destroy(new SidestepError("sidestep_upstream_reset", failure.detail));
    this.#request.destroy();
  }

  readonly #closed = (): void => {
    this.#signal.removeEventListener("abort", this.#aborted);
    this.#upload?.stop();
    // A reply outlives its connection: its last bytes may still wait for their reader.
    if (!this.#hasBegun) this.#end(this.#isStale ? failures.stale : failures.closedEarly);
  };

  #stopHeadTimer(): void {
    if (this.#headTimer !== null) clearTimeout(this.#headTimer);
    this.#headTimer = null;
  }
}

/** The head of an answer, put together from its lines as they came. */
function headOf(message: IncomingMessage): Buffer {
  const { rawHeaders, statusCode, statusMessage } = message;
  let text = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, "latin1");
}

function ignored(): void {
  // Its failure shows as its end.
}
