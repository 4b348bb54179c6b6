/** Every way in which no connection to a provider comes about, as data; nothing has been sent then. */
import type { Socket } from "node:net";
import { createScriptedUpstream } from "../support/scripted-upstream.ts";
import type { TestAuthority } from "../support/scripted-upstream-tls.ts";
import { createBadServer, createBlackHole, type DeadEnd } from "./dead-ends.ts";
import type { FaultRow } from "./fault-row.ts";
import type { ShortLimit } from "./rig.ts";

/** Certificates to go wrong with. */
export interface Authorities {
  /** The one that the sidecar trusts. */
  readonly trusted: TestAuthority;
  readonly stranger: TestAuthority;
}

/** A fault of the connection. */
export interface ConnectRow extends FaultRow {
  /** The place of the policy that has it. */
  readonly place: string;
  readonly start: (authorities: Authorities) => Promise<DeadEnd>;
  /** The provider's URL without path; plain unless given. */
  readonly url?: (port: number) => string;
  readonly short?: ShortLimit;
}

const failed = {
  sees: "sidestep_upstream_unreachable",
  ending: "complete",
  counts: "failure",
} as const;
const tcp = { ...failed, phase: "connect" } as const;
const tls = {
  ...failed,
  phase: "TLS",
  url: (port: number): string => `https://localhost:${port}`,
} as const;

const bad = (act: (socket: Socket) => void) => (): Promise<DeadEnd> => createBadServer(act);

export const connectRows: readonly ConnectRow[] = [
  {
    ...tcp,
    place: "refused",
    detail: "no connection: ECONNREFUSED",
    name: "refuses connections",
    start: refusing,
  },
  {
    ...tcp,
    place: "lost",
    detail: "no connection: CONNECT_TIMEOUT",
    name: "does not answer at all",
    sees: "sidestep_upstream_timeout",
    short: "connect",
    start: createBlackHole,
  },
  {
    ...tcp,
    place: "unnamed",
    detail: "no connection: ENOTFOUND",
    name: "has a name that does not resolve",
    start: refusing,
    url: () => "http://nowhere.invalid",
  },
  {
    ...tls,
    place: "stranger",
    detail: "no connection: UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    name: "has a certificate of an unknown authority",
    start: ({ stranger: { key, cert } }) => createScriptedUpstream({ tls: { key, cert } }),
  },
  {
    ...tls,
    place: "impostor",
    detail: "no connection: ERR_TLS_CERT_ALTNAME_INVALID",
    name: "has a certificate for another name",
    // The certificate names localhost and 127.0.0.1.
    start: ({ trusted: { key, cert } }) =>
      createScriptedUpstream({ tls: { key, cert }, host: "127.0.0.2" }),
    url: (port) => `https://127.0.0.2:${port}`,
  },
  {
    ...tls,
    place: "mute",
    detail: "no connection: CONNECT_TIMEOUT",
    name: "says nothing to the handshake",
    sees: "sidestep_upstream_timeout",
    short: "connect",
    start: bad((socket) => void socket.resume()),
  },
  {
    ...tls,
    place: "garbage",
    detail: "no connection: ERR_SSL_WRONG_VERSION_NUMBER",
    name: "answers the handshake with garbage",
    start: bad((socket) => void socket.once("data", () => socket.end("\u0000this is no TLS"))),
  },
  {
    ...tls,
    place: "plain",
    detail: "no connection: ERR_SSL_WRONG_VERSION_NUMBER",
    name: "speaks plain HTTP where TLS is expected",
    start: bad((socket) => {
      socket.once("data", () =>
        socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
      );
    }),
  },
  {
    ...tls,
    place: "leaver",
    detail: "no connection: ECONNRESET",
    name: "closes within the handshake",
    start: bad((socket) => void socket.once("data", () => socket.end())),
  },
  {
    ...tls,
    place: "breaker",
    detail: "no connection: ECONNRESET",
    name: "resets within the handshake",
    start: bad((socket) => void socket.once("data", () => socket.resetAndDestroy())),
  },
];

async function refusing(): Promise<DeadEnd> {
  const upstream = await createScriptedUpstream();
  await upstream.refuse();
  return upstream;
}
