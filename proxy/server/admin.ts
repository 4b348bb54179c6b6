/** The admin listener, on loopback only: what was decided and why, and the emergency stop. */
import type { IncomingMessage } from "node:http";
import type { Recorder } from "../core/ports.ts";
import { isLoopback, type ListenAddress } from "./address.ts";
import { adminRoutes, type AdminParts } from "./admin-routes.ts";
import { readPageFiles } from "./page-files.ts";
import { createSmallServer, problem, type SmallReply, type SmallServer } from "./small-server.ts";

/** What the admin listener needs. */
export interface AdminServerOptions extends AdminParts {
  readonly address: ListenAddress;
  readonly faults: Pick<Recorder, "fault">;
}

/**
 * Binds and serves. Rejects with RangeError for an address that others could reach, and with the
 * system's error when the address cannot be bound.
 */
export async function createAdminServer(options: AdminServerOptions): Promise<SmallServer> {
  const { address, faults } = options;
  if (!isLoopback(address.host)) {
    throw new RangeError(
      `the admin listener is for this machine only, not for ${address.host}: ` +
        "give it a loopback address such as 127.0.0.1:4001, and use the health listener for probes",
    );
  }
  const routes = adminRoutes(options, await readPageFiles());
  return createSmallServer({ address, faults, routes, guard: strangers });
}

/**
 * Keeps web pages out that a browser on this machine has open: a name that somebody else's DNS points
 * here (rebinding), and requests that another site's page makes.
 */
function strangers(request: IncomingMessage): SmallReply | null {
  if (!isLocal(`http://${request.headers.host ?? ""}`)) {
    return problem(403, "Call the admin listener as localhost, 127.0.0.1 or [::1].");
  }
  const { origin } = request.headers;
  if (origin !== undefined && !isLocal(origin)) {
    return problem(403, "Pages of other sites may not call the admin listener.");
  }
  if (changes(request) && !isOwnPage(request)) {
    return problem(403, "Pages of other ports and sites may not change anything here.");
  }
  return null;
}

function changes({ method }: IncomingMessage): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** Browsers say whose page asks, other clients say nothing; another port of this machine is "same-site". */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  return site === undefined || site === "same-origin" || site === "none";
}

function isLocal(url: string): boolean {
  const name = URL.parse(url)?.hostname ?? "";
  return isLoopback(name.replace(/^\[(.*)\]$/, "$1"));
}
