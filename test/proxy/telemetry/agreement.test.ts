/** The book of agreement: what counts, what is replaced, when a route is suspended, and what a reload keeps. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Route } from "../../../proxy/core/policy.ts";
import type { Judge, Outcome } from "../../../proxy/core/ports.ts";
import { Agreement, isTooWrong, type RouteAgreement } from "../../../proxy/telemetry/agreement.ts";
import { wilson } from "../../../proxy/telemetry/wilson.ts";
import { policyOf, templateRoute } from "../../support/builders.ts";

const hello: Route = {
  ...templateRoute("hello", { kind: "text", matches: /^hello$/ }),
  verify: { sample: 0.5, maxWrong: 0.1 },
};

interface Book {
  readonly agreement: Agreement;
  readonly told: RouteAgreement[];
  readonly note: (outcome: Outcome, by?: Judge, id?: string) => void;
}

function bookOf(): Book {
  const told: RouteAgreement[] = [];
  const agreement = new Agreement((standing) => void told.push(standing));
  agreement.use(policyOf({ routes: [hello] }));
  let calls = 0;
  const note: Book["note"] = (outcome, by = "equality", id = `call ${(calls += 1)}`) =>
    agreement.note({ id, route: hello, outcome, by });
  return { agreement, told, note };
}

function times(many: number, work: () => void): void {
  for (let at = 0; at < many; at += 1) work();
}

describe("Wilson's interval", () => {
  it("has the published values", () => {
    // Brown, Cai and DasGupta 2001: 0 of 10 and 1 of 10 at 95 %.
    expect(wilson(0, 10).high).toBeCloseTo(0.2775, 3);
    expect(wilson(1, 10)).toMatchObject({ value: 0.1 });
    expect(wilson(1, 10).low).toBeCloseTo(0.0179, 3);
    expect(wilson(1, 10).high).toBeCloseTo(0.4042, 3);
  });

  it("always holds the share, within 0 and 1", () => {
    const trials = fc.integer({ min: 1, max: 5000 });
    const pair = trials.chain((many) =>
      fc.tuple(fc.integer({ min: 0, max: many }), fc.constant(many)),
    );
    fc.assert(
      fc.property(pair, ([hits, many]) => {
        const { value, low, high } = wilson(hits, many);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(value + 1e-9);
        expect(high).toBeGreaterThanOrEqual(value - 1e-9);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("suspending", () => {
  it("waits while few comparisons say little", () => {
    expect(isTooWrong({ agree: 0, disagree: 0, unclear: 9 }, 0.02)).toBe(false);
    expect(isTooWrong({ agree: 3, disagree: 0, unclear: 0 }, 0.02)).toBe(false);
    expect(isTooWrong({ agree: 30, disagree: 1, unclear: 0 }, 0.02)).toBe(false);
  });

  it("comes early where many are wrong, and late where the upper bound stays above", () => {
    expect(isTooWrong({ agree: 1, disagree: 3, unclear: 0 }, 0.02)).toBe(true);
    expect(isTooWrong({ agree: 400, disagree: 0, unclear: 0 }, 0.02)).toBe(false);
    expect(isTooWrong({ agree: 396, disagree: 4, unclear: 0 }, 0.02)).toBe(true);
  });

  it("is told once, and holds for the route until it is resumed, from zero", () => {
    const { agreement, told, note } = bookOf();
    times(3, () => note("disagree"));
    expect(agreement.isSuspended(hello)).toBe(true);
    note("disagree");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ route: "hello", checked: { disagree: 3 } });
    expect(agreement.resume("nobody")).toBe(false);
    expect(agreement.resume("hello")).toBe(true);
    expect(agreement.isSuspended(hello)).toBe(false);
    expect(agreement.standings()).toMatchObject([{ checked: { agree: 0, disagree: 0 } }]);
    expect(told.at(-1)).toMatchObject({ suspendedAt: null });
  });

  it("never comes of estimates", () => {
    const { agreement, note } = bookOf();
    times(200, () => note("disagree", "estimate"));
    expect(agreement.isSuspended(hello)).toBe(false);
    expect(agreement.standings()).toMatchObject([{ estimated: { disagree: 200 }, wrong: null }]);
  });
});

describe("counting", () => {
  it("lets an application's verdict replace what was thought of the same call", () => {
    const { agreement, note } = bookOf();
    note("disagree", "equality", "one");
    expect(agreement.feedback("one", "hello", true)).toBe(true);
    expect(agreement.feedback("one", "hello", true)).toBe(true);
    expect(agreement.standings()).toMatchObject([{ checked: { agree: 1, disagree: 0 } }]);
    note("disagree", "estimate", "one");
    expect(agreement.standings()).toMatchObject([{ checked: { agree: 1, disagree: 0 } }]);
    expect(agreement.feedback("one", "nobody", true)).toBe(false);
  });

  it("keeps its counts over a reload that leaves the route alone, and forgets them with the route", () => {
    const { agreement, note } = bookOf();
    times(3, () => note("disagree"));
    const same: Route = { ...hello, mode: "enforce" };
    agreement.use(policyOf({ revision: "other", routes: [same] }));
    expect(agreement.isSuspended(same)).toBe(true);
    const changed = { ...templateRoute("hello", hello.when, "Good day!"), verify: hello.verify };
    agreement.use(policyOf({ routes: [changed] }));
    expect(agreement.isSuspended(changed)).toBe(false);
    expect(agreement.standings()).toMatchObject([{ checked: { disagree: 0 } }]);
  });
});
