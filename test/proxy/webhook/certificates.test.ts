/** The injector's certificates over months: never expired, never signed by what nobody trusts yet, no sooner new than due. */
import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  bundleOf,
  endOf,
  renewed,
  type Certificates,
} from "../../../proxy/webhook/certificates.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const names = ["sidestep.sidestep.svc", "sidestep.sidestep.svc.cluster.local"];
const lifetimes = { leafMs: dayMs, authorityMs: 365 * dayMs, settleMs: 60_000 };
const startMs = Date.parse("2026-01-01T00:00:00Z");

function trusts(bundle: string, leaf: string): boolean {
  const certificate = new X509Certificate(leaf);
  const authorities = bundle.match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? [];
  return authorities.some((pem) => certificate.verify(new X509Certificate(pem).publicKey));
}

describe("the injector's certificates", () => {
  it("name the Service, and can be used by a server alone", async () => {
    const { authorities, leaf } = await renewed(null, names, lifetimes, startMs);
    const certificate = new X509Certificate(leaf.cert);
    expect(names.map((name) => certificate.checkHost(name))).toEqual(names);
    expect(certificate.checkHost("other.sidestep.svc")).toBeUndefined();
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(new X509Certificate(authorities[0]?.cert ?? "").ca).toBe(true);
  });

  it("stay the same object until something is due", async () => {
    const first = await renewed(null, names, lifetimes, startMs);
    expect(await renewed(first, names, lifetimes, startMs + 15 * hourMs)).toBe(first);
    const next = await renewed(first, names, lifetimes, startMs + 17 * hourMs);
    expect(next.authorities).toEqual(first.authorities);
    expect(next.leaf.cert).not.toBe(first.leaf.cert);
  });

  it("are made anew for other names", async () => {
    const first = await renewed(null, names, lifetimes, startMs);
    const next = await renewed(first, ["renamed.sidestep.svc"], lifetimes, startMs);
    expect(new X509Certificate(next.leaf.cert).checkHost("renamed.sidestep.svc")).toBeDefined();
  });

  it("pain 5: thirteen months pass without one moment that a client that lags behind would refuse", async () => {
    let now: Certificates = await renewed(null, names, lifetimes, startMs);
    let published = bundleOf(now);
    let authorities = 1;
    for (let hour = 1; hour < 13 * 30 * 24; hour += 4) {
      const nowMs = startMs + hour * hourMs;
      const next = await renewed(now, names, lifetimes, nowMs);
      // What was published a round ago is what a slow API server still trusts.
      expect(trusts(published, next.leaf.cert)).toBe(true);
      expect(endOf(next.leaf.cert)).toBeGreaterThan(nowMs + 4 * hourMs);
      if (next.authorities.length > now.authorities.length) authorities += 1;
      published = bundleOf(next);
      now = next;
    }
    expect(authorities).toBe(2);
  });

  it("after a long sleep begin again at once", async () => {
    const first = await renewed(null, names, lifetimes, startMs);
    const nowMs = startMs + 500 * dayMs;
    const next = await renewed(first, names, lifetimes, nowMs);
    expect(next.authorities).toHaveLength(1);
    expect(endOf(next.leaf.cert)).toBeGreaterThan(nowMs);
    expect(trusts(bundleOf(next), next.leaf.cert)).toBe(true);
  });
});
