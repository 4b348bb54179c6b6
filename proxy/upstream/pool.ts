/** The pool of connections to all providers, keyed by endpoint; relay and tunnel take their requests from it. */
import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type ClientRequestArgs,
} from "node:http";
import type { Duplex } from "node:stream";
import type { SecureContext } from "node:tls";
import { callbackify } from "node:util";
import { LRUCache } from "lru-cache";
import type { HeaderLines } from "../core/http.ts";
import {
  dial,
  proxyAuthorization,
  type DialLimits,
  type Endpoint,
  type TlsSettings,
} from "./dial.ts";
import { proxyRule, type Environment, type ProxyRule } from "./proxy-rule.ts";
import { trustedContext } from "./trust.ts";

/** Where proxies and authorities come from. */
export interface PoolOptions {
  readonly env: Environment;
  /** Files of PEM certificates that are trusted besides the defaults. */
  readonly caFiles: readonly string[];
}

/** A request head for a provider. */
export interface PoolRequest extends DialLimits {
  readonly url: URL;
  readonly method: string;
  readonly path: string;
  /** Lines as they go on the wire, framing included. */
  readonly headers: HeaderLines;
  readonly isUpgrade: boolean;
}

/**
 * An idle connection is closed after this long: shorter than the five seconds after which common
 * servers close theirs, so that a call is hardly ever sent into a closing connection.
 */
const idleConnectionMs = 4_000;

/** Header bytes accepted from a provider. */
const replyHeaderBytes = 262_144;

/**
 * Connections are not limited: a limit would make calls wait where nobody sees them, and there are
 * never more than calls in flight. Idle ones are, and they close soon.
 */
export class Pool {
  readonly #agent: EndpointAgent;
  readonly #proxyOf: ProxyRule;

  constructor(options: PoolOptions) {
    this.#proxyOf = proxyRule(options.env);
    this.#agent = new EndpointAgent(trustedContext(options.env, options.caFiles));
  }

  /** Starts a request; it is sent by writing or ending it. Throws when the head cannot be written. */
  request(wanted: PoolRequest): ClientRequest {
    const endpoint = this.#endpointOf(wanted);
    const options: DialledOptions = {
      ...addressed(endpoint, wanted),
      agent: this.#agent,
      method: wanted.method,
      maxHeaderSize: replyHeaderBytes,
      dialled: new Dialled(endpoint, wanted),
    };
    const request = httpRequest(options);
    // Bytes bound the head already; a limit on lines would silently drop some.
    request.maxHeadersCount = 0;
    return request;
  }

  /** Whether the last hop before the provider reads our requests: a proxy without a tunnel. */
  isForwardedByProxy(wanted: Pick<PoolRequest, "url" | "isUpgrade">): boolean {
    const { proxy, isTunnelled } = this.#endpointOf(wanted);
    return proxy !== null && !isTunnelled;
  }

  /** Ends every connection, calls in flight included. */
  close(): void {
    this.#agent.destroy();
  }

  #endpointOf(wanted: Pick<PoolRequest, "url" | "isUpgrade">): Endpoint {
    const { url, isUpgrade } = wanted;
    const proxy = this.#proxyOf(url);
    return { url, proxy, isTunnelled: proxy !== null && (url.protocol === "https:" || isUpgrade) };
  }
}

/** The proxy's own needs, where it reads our request: an absolute target and who we are. */
function addressed(endpoint: Endpoint, wanted: PoolRequest): { path: string; headers: string[] } {
  const { proxy, isTunnelled } = endpoint;
  const { path, headers } = wanted;
  if (proxy === null || isTunnelled) return { path, headers: [...headers] };
  const authorization = proxyAuthorization(proxy);
  const proof = authorization === null ? [] : ["Proxy-Authorization", authorization];
  return { path: `${wanted.url.origin}${path}`, headers: [...headers, ...proof] };
}

/** How the agent learns what to dial for a request. */
class Dialled {
  readonly endpoint: Endpoint;
  readonly limits: DialLimits;
  /** Connections with the same key may serve each other's requests. */
  readonly key: string;

  constructor(endpoint: Endpoint, limits: DialLimits) {
    this.endpoint = endpoint;
    this.limits = limits;
    const { url, proxy, isTunnelled } = endpoint;
    // Without a tunnel the connection leads to the proxy, whatever lies behind it.
    const via = proxy === null ? "" : ` via ${proxy.origin}`;
    this.key = proxy === null || isTunnelled ? `${url.origin}${via}` : via;
  }
}

interface DialledOptions extends ClientRequestArgs {
  readonly dialled: Dialled;
}

/** Node's agent keeps and reuses connections; how they come about is ours. */
class EndpointAgent extends Agent {
  readonly #context: SecureContext | null;
  readonly #sessions = new LRUCache<string, Buffer>({ max: 100 });
  readonly #closing = new AbortController();

  constructor(context: SecureContext | null) {
    super({ keepAlive: true, timeout: idleConnectionMs, maxFreeSockets: 64, scheduling: "lifo" });
    this.#context = context;
  }

  /** Ends connections that are still coming about, too. */
  override destroy(): void {
    this.#closing.abort();
    super.destroy();
  }

  override getName(options: ClientRequestArgs = {}): string {
    return dialledOf(options).key;
  }

  override createConnection(
    options: ClientRequestArgs,
    callback: (error: Error | null, socket: Duplex) => void = () => undefined,
  ): null {
    const { endpoint, limits, key } = dialledOf(options);
    const signal = AbortSignal.any([limits.signal, this.#closing.signal]);
    const tls: TlsSettings = {
      context: this.#context,
      session: this.#sessions.get(key),
      learned: (session) => this.#sessions.set(key, session),
    };
    callbackify(dial)(endpoint, { ...limits, signal }, tls, callback);
    return null;
  }
}

function dialledOf(options: ClientRequestArgs): Dialled {
  if ("dialled" in options && options.dialled instanceof Dialled) return options.dialled;
  throw new TypeError("a request of this agent says what to dial");
}
