/** Signals cost time on every call, so they are read when a condition first asks, and kept only then. */
import { expect, test } from "vitest";
import type { Condition, Route } from "../../../proxy/core/policy.ts";
import { signalReaders } from "../../../proxy/signals/registry.ts";
import { forwardRoute, templateRoute } from "../../support/builders.ts";
import { drained, receivedOf, rigOf } from "../../support/stack.ts";

const always: Condition = { kind: "all", of: [] };
const french: Condition = { kind: "language", oneOf: ["fr"] };

/** How often signals were read for one call under these routes, and what its record holds of them. */
async function readFor(routes: readonly Route[]) {
  let reads = 0;
  const signals: typeof signalReaders = {
    ...signalReaders,
    readCheap: (view, policy) => {
      reads += 1;
      return signalReaders.readCheap(view, policy);
    },
  };
  const rig = rigOf({ signals });
  await drained(await rig.send(receivedOf({ routes }, { text: "hello there, how are you" })));
  const { verdict } = rig.records[0] ?? {};
  return { reads, signals: verdict?.signals?.cheap.language, complexity: verdict?.complexity };
}

test.each([
  ["a route that asks nothing", [forwardRoute("rest", always)]],
  ["routes that ask for the model's name", [forwardRoute("m", { kind: "model", oneOf: ["m"] })]],
])("none are read for %s", async (_what, routes) => {
  expect(await readFor(routes)).toEqual({ reads: 0, signals: undefined, complexity: null });
});

test("they are read once, however many routes ask", async () => {
  const routes = [forwardRoute("a", french), forwardRoute("b", french)];
  expect(await readFor(routes)).toMatchObject({ reads: 1, signals: "en" });
});

test("an answer is made from them whatever its route asks", async () => {
  expect(await readFor([templateRoute("all", always)])).toMatchObject({ reads: 1, signals: "en" });
});
