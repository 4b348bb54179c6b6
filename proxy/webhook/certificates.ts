/** The injector's certificates over time, pure but for the making of keys: when an authority or a leaf is replaced, and by what. */
import { X509Certificate } from "node:crypto";
import { makeAuthority, makeLeaf, type KeyedCertificate } from "./authority.ts";

/** How long things live, in milliseconds. */
export interface Lifetimes {
  readonly leafMs: number;
  readonly authorityMs: number;
  /** How long an authority is published before anything is signed by it. */
  readonly settleMs: number;
}

/** An authority and when it was published first. */
export interface Authority extends KeyedCertificate {
  readonly publishedMs: number;
}

/** Everything that replicas share. */
export interface Certificates {
  /** Oldest first. */
  readonly authorities: readonly Authority[];
  readonly leaf: KeyedCertificate;
}

/** A certificate is replaced when this share of its life is left. */
const RENEWAL_SHARE = 1 / 3;

/** What the certificates have to be now; the same object when they are that already. */
export async function renewed(
  given: Certificates | null,
  names: readonly string[],
  lifetimes: Lifetimes,
  nowMs: number,
): Promise<Certificates> {
  const valid = (given?.authorities ?? []).filter(({ cert }) => endOf(cert) > nowMs);
  const newest = valid.at(-1);
  const isAging = newest === undefined || isDue(newest.cert, lifetimes.authorityMs, nowMs);
  const authorities = isAging ? [...valid, await newAuthority(lifetimes, nowMs)] : valid;
  const signer = signerOf(authorities, lifetimes.settleMs, nowMs);
  const isLeafGood =
    given !== null && isGood(given.leaf, signer, { names, leafMs: lifetimes.leafMs }, nowMs);
  if (isLeafGood && authorities.length === given.authorities.length && !isAging) return given;
  const leaf = isLeafGood ? given.leaf : await newLeaf(signer, names, lifetimes, nowMs);
  return { authorities, leaf };
}

/** What whoever calls the webhook has to trust: every authority that is still valid. */
export function bundleOf({ authorities }: Certificates): string {
  return authorities.map(({ cert }) => `${cert.trim()}\n`).join("");
}

/** When the leaf ends, in milliseconds since 1970. */
export function endOf(cert: string): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

/** The newest that everybody has had time to learn of; the first of all has to do at once. */
function signerOf(authorities: readonly Authority[], settleMs: number, nowMs: number): Authority {
  const settled = authorities.findLast(({ publishedMs }) => nowMs - publishedMs >= settleMs);
  const signer = settled ?? authorities[0];
  if (signer === undefined) throw new TypeError("there is no authority");
  return signer;
}

function isGood(
  leaf: KeyedCertificate,
  signer: Authority,
  { names, leafMs }: { readonly names: readonly string[]; readonly leafMs: number },
  nowMs: number,
): boolean {
  const certificate = new X509Certificate(leaf.cert);
  return (
    !isDue(leaf.cert, leafMs, nowMs) &&
    certificate.verify(new X509Certificate(signer.cert).publicKey) &&
    names.every((name) => certificate.checkHost(name) !== undefined)
  );
}

function isDue(cert: string, lifetimeMs: number, nowMs: number): boolean {
  return endOf(cert) - nowMs < lifetimeMs * RENEWAL_SHARE;
}

async function newAuthority({ authorityMs }: Lifetimes, nowMs: number): Promise<Authority> {
  const made = await makeAuthority("sidestep-injector", {
    fromMs: nowMs,
    untilMs: nowMs + authorityMs,
  });
  return { ...made, publishedMs: nowMs };
}

/** Never longer than its authority. */
function newLeaf(
  signer: Authority,
  names: readonly string[],
  { leafMs }: Lifetimes,
  nowMs: number,
): Promise<KeyedCertificate> {
  const untilMs = Math.min(nowMs + leafMs, endOf(signer.cert));
  return makeLeaf(signer, names, { fromMs: nowMs, untilMs });
}
