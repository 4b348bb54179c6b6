/** upgrade: sends a call that asks for another protocol to the caller's own provider and hands back both ends. */
import type { Duplex } from "node:stream";
import type { HeaderLines } from "../core/http.ts";
import type { UpgradePort } from "../core/ports.ts";
import type { Received } from "../core/received.ts";
import type { Reply } from "../core/reply.ts";
import { upgradeHeaders } from "../upstream/edits.ts";
import { refusalOf } from "./admit.ts";
import { ownDestination, upstreamPath } from "./destination.ts";
import { UpstreamFailed } from "./forward.ts";
import { plain, unobserved, verdictOf } from "./judged.ts";
import { silentReply, statusOf, watch, type Begun, type ObserveParts } from "./observe.ts";
import { failedReply, unroutedReply } from "./rescue.ts";

/** A provider that has switched protocols. */
export interface Switched extends Begun {
  readonly kind: "tunnel";
  readonly statusText: string;
  /** Every line of the 101 head as written. */
  readonly headers: HeaderLines;
  /** Raw bytes both ways; what came with the head is in it. */
  readonly socket: Duplex;
}

/** What upgrade asks for. */
export interface UpgradeParts extends ObserveParts {
  readonly tunnels: UpgradePort;
}

/** The step for protocol upgrades; nothing of them is read or judged. */
export function upgrade(parts: UpgradeParts): (received: Received) => Promise<Switched | Reply> {
  return async (received) => {
    const span = parts.tracer.start(received);
    const begun = await begin(parts, { ...received, span });
    const status = begun.kind === "tunnel" ? 101 : statusOf(begun);
    return {
      ...begun,
      ...watch(parts, { received, span, begun, status, account: () => silentReply }),
    };
  };
}

async function begin(parts: UpgradeParts, received: Received): Promise<Switched | Reply> {
  const refused = refusalOf(received);
  if (refused !== null) return refused;
  const judged = plain(received, "protocol_not_read");
  const destination = ownDestination(received);
  if (destination === null) return unroutedReply(judged);
  const { provider } = destination;
  const trace = received.span?.attempt({ provider, protocol: null, model: null }) ?? [];
  const sentAtMs = performance.now();
  const sent = await parts.tunnels.tunnel({
    provider,
    method: received.head.method,
    path: upstreamPath(destination),
    headers: upgradeHeaders(received.head.headers, { provider, trace }),
    signal: received.signal,
  });
  const waitedMs = performance.now() - sentAtMs;
  const more = { provider: provider.name, waitedMs };
  const verdict = verdictOf(judged, "forwarded", "protocol_not_read", more);
  if (!("kind" in sent)) {
    return { kind: "relay", upstream: sent, tap: null, verdict, ended: unobserved };
  }
  if (sent.kind === "fault") return failedReply(judged, new UpstreamFailed(sent, waitedMs));
  return { kind: "tunnel", verdict, ended: unobserved, ...switched(sent.head, sent.socket) };
}

/** Splits the provider's raw 101 head into its lines; what followed it goes back into the socket. */
function switched(
  raw: Buffer,
  socket: Duplex,
): Pick<Switched, "statusText" | "headers" | "socket"> {
  const end = raw.indexOf("\r\n\r\n");
  const [first = "", ...lines] = raw.toString("latin1", 0, end).split("\r\n");
  const rest = raw.subarray(end + 4);
  if (rest.length > 0) socket.unshift(rest);
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { statusText: first.split(" ").slice(2).join(" "), headers, socket };
}
