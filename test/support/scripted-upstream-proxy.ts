/** An HTTP CONNECT proxy for tests: tunnels to wherever it is asked, and records every head it received. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  createScriptedUpstream,
  type Exchange,
  type ScriptedUpstreamOptions,
} from "./scripted-upstream.ts";
import { headBytes } from "./scripted-upstream-script.ts";

/** The proxy; close it after the test. */
export interface ConnectProxy {
  readonly port: number;
  readonly url: string;
  /** `host:port` of every CONNECT, in order. */
  readonly asked: readonly string[];
  /** The heads as received, e.g. to look for Proxy-Authorization. */
  readonly exchanges: readonly Exchange[];
  /** Answers every CONNECT from now on with this status; 200 tunnels. */
  answer(status: number): void;
  close(): Promise<void>;
}

/** Starts a proxy on a free port; with `tls` it is one that is spoken to over TLS. */
export async function createConnectProxy(
  options: ScriptedUpstreamOptions = {},
): Promise<ConnectProxy> {
  const listener = await createScriptedUpstream(options);
  const asked: string[] = [];
  let status = 200;
  listener.play(async (exchange) => {
    asked.push(exchange.head.target);
    if (status !== 200) {
      await exchange.reply({ status, reason: "No", when: "head", isLast: true });
      return;
    }
    await tunnel(exchange);
  });
  return {
    port: listener.port,
    url: listener.url,
    asked,
    exchanges: listener.exchanges,
    answer: (next) => {
      status = next;
    },
    close: () => listener.close(),
  };
}

async function tunnel(exchange: Exchange): Promise<void> {
  const [host = "", port = ""] = exchange.head.target.split(":");
  const onward = connect(Number(port), host);
  onward.on("error", () => exchange.reset());
  await once(onward, "connect");
  await exchange.write(headBytes(200, "Connection established", []));
  onward.on("close", () => exchange.socket.destroy());
  exchange.socket.on("close", () => onward.destroy());
  onward.pipe(exchange.socket);
  await copy(exchange, onward);
}

async function copy(exchange: Exchange, onward: Socket): Promise<void> {
  for await (const bytes of exchange.raw()) {
    if (!onward.write(bytes)) await once(onward, "drain");
  }
  onward.end();
}
