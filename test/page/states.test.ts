/** What the page says while there is nothing, while it waits, and when something fails; and that axe finds nothing in it. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { recordOf } from "../proxy/telemetry/records.ts";
import { policyOf } from "../support/builders.ts";
import { describeInBrowser, goTo, openTab, shows, violationsOn, type Tab } from "./browser.ts";
import { openBrowser } from "./chromium.ts";
import { startScriptedAdmin, type Scripted, type ScriptedAdmin } from "./scripted-admin.ts";

function broken(): never {
  throw new Error("a fault of the test");
}

describeInBrowser("a view", () => {
  let browser: Browser;
  let admin: ScriptedAdmin;
  let tab: Tab;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
  }, 120_000);

  afterEach(async () => {
    expect(tab.complaints).toEqual([]);
    await page?.close();
    await admin?.close();
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function begin(hash: string, scripted: Scripted = {}): Promise<void> {
    admin = await startScriptedAdmin(scripted);
    tab = await openTab(browser, `${admin.url}/${hash}`);
    ({ page } = tab);
  }

  it("says what to do while there is nothing", async () => {
    const nothing = { policy: policyOf({ providers: new Map() }) };
    await begin("#/live", { now: nothing });
    await shows(page, "No call has come yet.");
    await shows(page, "OPENAI_BASE_URL=http://localhost:4000/v1");
    expect(await violationsOn(page)).toEqual([]);
    await goTo(page, "#/savings", "No call has ended yet.");
    await goTo(page, "#/agreement", "No route of the policy answers.");
    await goTo(page, "#/targets", "The policy names no provider.");
    await goTo(page, "#/cache", "The policy keeps no replies.");
    await goTo(page, "#/model", "The policy runs without a model.");
    await goTo(page, "#/policy", "none: every call is forwarded");
    await goTo(page, "#/explain", "Type what a user might say.");
    await page.getByRole("button", { name: "Explain" }).click();
    await shows(page, "There is no text to explain.");
    await goTo(page, "#/elsewhere", "There is no such view");
    expect(await violationsOn(page)).toEqual([]);
  });

  it("says that it waits, and shows what comes in the end", async () => {
    const answered = Promise.withResolvers<void>();
    await begin("#/model", {
      parts: {
        model: async () => {
          await answered.promise;
          return { model: null, state: null, generators: {}, card: null };
        },
      },
    });
    await shows(page, "Loading …");
    await shows(page, "Still waiting for the sidecar; it may be busy.");
    expect(await page.locator("main [aria-busy]").count()).toBe(1);
    expect(await violationsOn(page)).toEqual([]);
    answered.resolve();
    await shows(page, "The policy runs without a model.");
    expect(await page.locator("main [aria-busy]").count()).toBe(0);
  });

  it("says what failed, and tries again when asked", async () => {
    let isBroken = true;
    const cache = { lookups: {}, writes: {}, rule: policyOf().cache, routes: [] };
    const whole = { ...cache, entries: 3, bytes: 1, maxEntries: 4, maxBytes: 8 };
    await begin("#/cache", {
      parts: {
        cache: async () => (isBroken ? broken() : { ...whole, outage: policyOf().outage }),
      },
    });
    await page.getByRole("alert").waitFor();
    await shows(page, "Sidestep failed here; its log says more.");
    expect(await violationsOn(page)).toEqual([]);
    isBroken = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await shows(page, "3 of 4");
  });

  it("keeps what it showed when later news fail, and says that it is old", async () => {
    let isBroken = false;
    await begin("#/targets", { parts: { places: () => (isBroken ? broken() : []) } });
    await shows(page, "The policy names no provider.");
    isBroken = true;
    await shows(page, /Not up to date: Sidestep failed here/);
    await shows(page, "The policy names no provider.");
    isBroken = false;
    await page.getByText("Not up to date").waitFor({ state: "detached" });
  });

  it("tells of a call that is not remembered", async () => {
    await begin("#/call/long-ago");
    await shows(page, "No call long-ago is remembered; the log may have it.");
    await page.getByRole("link", { name: "All calls" }).click();
    await shows(page, "Live calls");
  });

  it("tells of a model that fails, and of a policy that only observes", async () => {
    const modelState = {
      status: "failed",
      model: null,
      error: "model.onnx does not match its SHA-256",
      restarts: 2,
      isFinal: false,
    } as const;
    const policy = policyOf({ mode: "observe", model: "support-v1" });
    await begin("#/model", { now: { modelState, policy } });
    await shows(page, "model.onnx does not match its SHA-256");
    await shows(page, "✕ model failed");
    await shows(page, "○ observing: nothing is answered");
    expect(await page.getByRole("button", { name: "Stop answering" }).count()).toBe(0);
    expect(await violationsOn(page)).toEqual([]);
  });

  it("shows texts as texts, whatever they are", async () => {
    const evil = "<img src=x onerror=alert(1)><script>alert(2)</script>";
    const revision = "ffffffffffff";
    const text = `version: 1 # ${evil}\n`;
    await begin("#/live", {
      now: { policy: policyOf({ revision, files: [evil] }) },
      parts: {
        policySource: async () => ({ revision, files: [{ path: evil, text }], loads: [] }),
        explain: async () => broken(),
      },
    });
    await shows(page, "No call has come yet.");
    admin.settle(recordOf({ id: evil, model: evil, path: evil }));
    await shows(page, evil);
    await page.locator(".calls a").first().click();
    await shows(page, "Waterfall");
    await goTo(page, "#/policy", evil);
    expect(await page.locator("main img, main script").count()).toBe(0);
  });

  it("shows a list of paths to those who come without scripts", async () => {
    admin = await startScriptedAdmin();
    const options = { javaScriptEnabled: false };
    tab = await openTab(browser, admin.url, options);
    ({ page } = tab);
    await page.getByText("Paths for scripts").click();
    await page.getByRole("link", { name: "/decisions", exact: true }).click();
    await shows(page, '"decisions": []');
  });
});
