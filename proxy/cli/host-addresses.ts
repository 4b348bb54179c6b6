/** Looks up every address of a host, by each family that is of use here; `redirect` makes rules of them. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** IPv4 or IPv6, as Node's own functions write them. */
export type Family = 4 | 6;

/** What was found. */
export interface HostAddresses {
  readonly addresses: readonly string[];
  /** Families about which no server gave an answer. */
  readonly unanswered: readonly Family[];
}

/** Time between two tries to resolve a name that does not resolve yet, in milliseconds. */
const BETWEEN_MS = 500;

/** Lookups of a name that resolves: servers that spread calls name a part of the addresses at a time. */
const LOOKUPS = 8;

/** The addresses of a name. Tries again until `endMs` on the clock of `performance` while there are none, or a family is unanswered. */
export async function addressesOf(
  name: string,
  families: readonly Family[],
  endMs: number,
): Promise<HostAddresses> {
  const addresses = new Set<string>();
  const unanswered = new Set(families);
  const ask = async (family: Family): Promise<void> => {
    const answer = await answerOf(name, family);
    if (answer !== null) unanswered.delete(family);
    for (const address of answer ?? []) addresses.add(address);
  };
  for (let lookups = 0; lookups < LOOKUPS;) {
    await Promise.all(families.map(ask));
    const isResolved = addresses.size > 0 && unanswered.size === 0;
    if (isResolved) lookups += 1;
    const pauseMs = isResolved ? 0 : BETWEEN_MS;
    if (performance.now() + pauseMs >= endMs) break;
    await delay(pauseMs);
  }
  return { addresses: [...addresses], unanswered: [...unanswered] };
}

/** Codes by which the system says that there is no such name, or none of that family. */
const none: ReadonlySet<unknown> = new Set(["ENOTFOUND", "EAI_ADDRFAMILY"]);

/** Null where nobody could say; an address with a zone, which no rule can name, is none. */
async function answerOf(name: string, family: Family): Promise<readonly string[] | null> {
  try {
    const found = await lookup(name, { all: true, family });
    return found.map(({ address }) => address).filter((one) => isPlain(one, family));
  } catch (fault) {
    const code = fault instanceof Error && "code" in fault ? fault.code : null;
    return none.has(code) ? [] : null;
  }
}

function isPlain(address: string, family: Family): boolean {
  return isIP(address) === family && !address.includes("%");
}
