/** The live calls under load, in a real browser: nothing grows, nothing is shown twice, and a break is made good. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { forwardedVerdict, recordOf } from "../proxy/telemetry/records.ts";
import { describeInBrowser, openTab, shows } from "./browser.ts";
import { openBrowser } from "./chromium.ts";
import { createLine } from "./line.ts";
import { startScriptedAdmin, type ScriptedAdmin } from "./scripted-admin.ts";

describeInBrowser("live calls", () => {
  let browser: Browser;
  let admin: ScriptedAdmin;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
  }, 120_000);

  afterEach(async () => {
    await page?.close();
    await admin?.close();
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function begin(port = 0): Promise<void> {
    admin = await startScriptedAdmin({ port });
    ({ page } = await openTab(browser, `${admin.url}/#/live`));
  }

  function settle(id: string): void {
    admin.settle(recordOf({ id, at: new Date().toISOString() }));
  }

  function rows(): Promise<string[]> {
    const titles = "[...document.querySelectorAll('.calls tbody a')].map((link) => link.title)";
    return page.evaluate(titles);
  }

  it("appear as they end, the newest above", async () => {
    await begin();
    await shows(page, "No call has come yet.");
    settle("first");
    await page.locator('a[title="first"]').waitFor();
    settle("second");
    await page.locator('a[title="second"]').waitFor();
    expect(await rows()).toEqual(["second", "first"]);
  });

  it("under load show the newest, count what is not shown, and grow no further", async () => {
    await begin();
    await shows(page, "No call has come yet.");
    let number = 0;
    for (let turn = 0; turn < 40; turn += 1) {
      for (let many = 0; many < 150; many += 1) settle(`call-${(number += 1)}`);
      await new Promise((resolve) => setImmediate(resolve));
      if (turn % 10 === 9) await page.locator(`a[title="call-${number}"]`).waitFor();
    }
    const shown = await rows();
    expect(shown.length).toBeLessThanOrEqual(200);
    expect(shown[0]).toBe("call-6000");
    expect(new Set(shown).size).toBe(shown.length);
    await shows(page, /came faster than a page can show/);
    await page.keyboard.press("2");
    await page.getByRole("heading", { name: "Savings" }).waitFor();
    await shows(page, "6,000, 0 failed");
  });

  it("wait while they are paused, and no more of them than would be shown", async () => {
    await begin();
    settle("before");
    await page.locator('a[title="before"]').waitFor();
    await page.keyboard.press("p");
    for (let number = 1; number <= 5; number += 1) settle(`while-${number}`);
    await shows(page, "Paused; 5 new calls");
    expect(await rows()).toEqual(["before"]);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.locator('a[title="while-5"]').waitFor();
    expect(await rows()).toHaveLength(6);
  });

  it("are found by decision, route, reason and a part of the id", async () => {
    await begin();
    settle("abc-1");
    admin.settle(recordOf({ id: "abd-2", verdict: forwardedVerdict() }));
    await page.locator(".calls tbody tr").nth(1).waitFor();
    await page.getByLabel("Decision").selectOption("forwarded");
    await page.locator('a[title="abc-1"]').waitFor({ state: "detached" });
    await page.locator('a[title="abd-2"]').waitFor();
    expect(await page.evaluate("location.hash")).toBe("#/live?decision=forwarded");
    settle("abc-3");
    admin.settle(recordOf({ id: "abd-4", verdict: forwardedVerdict() }));
    await page.locator('a[title="abd-4"]').waitFor();
    expect(await rows()).toEqual(["abd-4", "abd-2"]);
    await page.keyboard.press("/");
    await page.keyboard.type("xyz");
    await shows(page, "None of the remembered calls is like that.");
    await page.getByRole("button", { name: "Clear filters" }).last().click();
    await page.locator(".calls tbody tr").nth(3).waitFor();
    expect(await rows()).toHaveLength(4);
  });

  it("are all there after a break, none twice", async () => {
    admin = await startScriptedAdmin();
    const line = await createLine(admin.port);
    ({ page } = await openTab(browser, `http://127.0.0.1:${line.port}/#/live`));
    await shows(page, "No call has come yet.");
    settle("a");
    await page.locator('a[title="a"]').waitFor();
    line.cut();
    await shows(page, "Connection lost; trying again");
    settle("b");
    settle("c");
    line.mend();
    await page.locator('a[title="c"]').waitFor();
    await shows(page, "Following calls as they end");
    expect(await rows()).toEqual(["c", "b", "a"]);
    await line.close();
  });

  it("begin anew when another process has taken the place of the first", async () => {
    await begin();
    settle("of-the-first");
    await page.locator('a[title="of-the-first"]').waitFor();
    const { port } = admin;
    await admin.close();
    await shows(page, "Connection lost; trying again");
    await shows(page, /The sidecar does not answer here/);
    admin = await startScriptedAdmin({ port });
    settle("of-the-second");
    await page.locator('a[title="of-the-second"]').waitFor();
    await page.locator("#notice:empty").waitFor({ state: "attached" });
  });
});
