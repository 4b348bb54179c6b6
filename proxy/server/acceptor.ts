/** Listening sockets of one address: several on its port, since the runtime lets in one connection of each at a turn of its loop. */
import { createServer, type Server, type Socket } from "node:net";
import { boundAddress, type ListenAddress } from "./address.ts";

/** Callers let in at one turn of the loop; a busy process has few turns, and a burst of callers would wait for as many. */
const socketsEach = 4;

/** Callers whom the system lets wait at each socket; beyond, it drops them and they come again a second later. */
const backlog = 4096;

/** How often a port of the system's choice may be taken by somebody else before the second socket is on it. */
const mostTries = 5;

/** Binds `wanted` and hands over each connection. Rejects with the system's error when the address cannot be had. */
export async function acceptors(
  wanted: ListenAddress,
  accepted: (socket: Socket) => void,
): Promise<readonly Server[]> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await bound(wanted, accepted);
    } catch (error) {
      if (wanted.port !== 0 || codeOf(error) !== "EADDRINUSE" || tried === mostTries) throw error;
    }
  }
}

async function bound(
  wanted: ListenAddress,
  accepted: (socket: Socket) => void,
): Promise<readonly Server[]> {
  // Sockets that share a port would share it with another process as well: the first one is alone on it, or fails.
  const first = await listening(wanted, accepted, false);
  const at = { ...wanted, port: boundAddress(first.address()).port };
  first.close();
  const servers: Server[] = [];
  try {
    while (servers.length < socketsEach) servers.push(await listening(at, accepted, true));
  } catch (error) {
    for (const server of servers) server.close();
    if (!unsupported.has(codeOf(error))) throw error;
    return [await listening(at, accepted, false)];
  }
  return servers;
}

/** Not every system shares a port. */
const unsupported: ReadonlySet<unknown> = new Set(["ENOTSUP", "EINVAL", "ENOPROTOOPT"]);

function listening(
  address: ListenAddress,
  accepted: (socket: Socket) => void,
  reusePort: boolean,
): Promise<Server> {
  const { host, port } = address;
  const kept = { allowHalfOpen: true, noDelay: true, keepAlive: true };
  const server = createServer({ ...kept, keepAliveInitialDelay: 60_000 }, accepted);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog, reusePort, ipv6Only: isPlainIpv6(address) }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

// "::" means every address, IPv4 included; any other IPv6 address means itself.
function isPlainIpv6(address: ListenAddress): boolean {
  return address.host.includes(":") && address.host !== "::";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : null;
}
