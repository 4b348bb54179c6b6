/** Listening addresses as flags write them; the servers of this folder bind them. */
import type { AddressInfo } from "node:net";

/** A place to listen on. */
export interface ListenAddress {
  /** An IP address or a host name, without brackets. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Whether the machine may lack this address: then only a warning is given. */
  readonly isOptional: boolean;
}

/** The admin listener's place when none is named. */
export const defaultAdminAddress: ListenAddress = {
  host: "127.0.0.1",
  port: 4001,
  isOptional: false,
};

/** Parses `host:port`, `[v6]:port`, `:port` (every address) or `port` (loopback). Throws RangeError. */
export function parseAddress(text: string): ListenAddress {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]*)):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new RangeError(
      `"${text}" is no address: write host:port, for example 127.0.0.1:4000 or [::1]:4000`,
    );
  }
  const named = match[1] ?? match[2];
  if (named === undefined) return { host: "127.0.0.1", port, isOptional: false };
  return { host: named === "" ? "::" : named, port, isOptional: false };
}

/** The data listener's places: a port alone means IPv4 and, where there is one, IPv6 loopback; nothing means port 4000. */
export function dataAddresses(given: readonly string[]): readonly ListenAddress[] {
  const texts = given.length === 0 ? ["4000"] : given;
  return texts.flatMap((text) => {
    const address = parseAddress(text);
    return text.includes(":")
      ? [address]
      : [address, { ...address, host: "::1", isOptional: true }];
  });
}

/** `host:port`, with brackets around IPv6 hosts. */
export function formatAddress(address: Pick<ListenAddress, "host" | "port">): string {
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a host can only be reached from this machine (in a pod: from this pod). */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === "localhost" || name === "::1") return true;
  return /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(name);
}

/** The address that a listening server really has. */
export function boundAddress(given: AddressInfo | string | null): ListenAddress {
  if (given === null || typeof given === "string") throw new TypeError("not listening on TCP");
  return { host: given.address, port: given.port, isOptional: false };
}

/** The address as a base URL; empty without one. */
export function urlOf(address: ListenAddress | undefined): string {
  return address === undefined ? "" : `http://${formatAddress(address)}`;
}
