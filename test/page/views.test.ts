/** Every view of the page over a running sidecar, in a real browser: what it shows, by keyboard, in both themes, on a phone. */
import { readFile, writeFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { supportPolicy } from "../support/policies.ts";
import { adminJson, eventually } from "../support/sidecar.ts";
import {
  describeInBrowser,
  goTo,
  openTab,
  overflowOf,
  shows,
  violationsOn,
  type Tab,
} from "./browser.ts";
import { openBrowser } from "./chromium.ts";
import { createStage, type Stage } from "./stage.ts";

const acme = "You are Acme support.";
const secret = "the colour mauve";

const more = `targets:
  - { name: strong, provider: openai, model: gpt-4o, price: { input: 2, output: 8, as_of: 2026-11-01 } }
cache: { mode: exact, scope: global, ttl: 10m }
outage: { stale: 1h, answer: true }
`;

describeInBrowser("the page", () => {
  let stage: Stage;
  let browser: Browser;
  let tab: Tab;
  let page: Page;
  let forwarded: string;
  let answered: string;

  beforeAll(async () => {
    stage = await createStage((cloud) => supportPolicy(cloud, more));
    answered = await stage.say("hello");
    forwarded = await stage.say(`tell me about ${secret}`, { system: acme, stream: true });
    await stage.say("what are your opening hours", { system: acme });
    await stage.say("which planets have rings");
    await stage.say("which planets have rings");
    browser = await openBrowser();
    tab = await openTab(browser, `${stage.sidecar.admin}/`);
    page = tab.page;
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  it("begins with the live calls, newest first, with sums above them", async () => {
    await page.locator(".calls tbody tr").nth(4).waitFor();
    expect(await page.title()).toBe("Live · Sidestep");
    expect(await page.locator(".calls tbody tr").first().innerText()).toContain("cache_hit");
    expect(await page.locator(".calls tbody tr").last().innerText()).toContain("● local");
    await shows(page, "5");
    expect(await page.locator(".tiles").innerText()).toMatch(/Without the cloud\s+60 %/);
    expect(await page.locator(".state").innerText()).toMatch(/● answering/);
  });

  it("opens a call as a waterfall with its scores beside thresholds, and what would have flipped it", async () => {
    await goTo(page, `#/call/${forwarded}`, "Waterfall");
    const parts = await page.locator("section", { hasText: "Waterfall" }).innerText();
    expect(parts).toMatch(/Call\s.*\bms/);
    expect(parts).toMatch(/Decide\s.*ms/);
    expect(parts).toMatch(/openai gpt-4o-mini, until its first byte/);
    expect(parts).toMatch(/Reply streams/);
    const routes = await page.locator("section", { hasText: "Routes, and what" }).innerText();
    expect(routes).toMatch(/passed greeting/);
    expect(routes).toMatch(/confidence [\d.]+, wanted >= 0\.8\s+✕ missed/);
    expect(routes).toMatch(/● matched everything-else/);
    const scores = await page.locator("section", { hasText: "Scores of the model" }).innerText();
    expect(scores).toMatch(/task/);
    expect(scores).toMatch(/sentiment: confidence >= 0\.5/);
    await shows(page, "What was said is not kept.");
    await goTo(page, `#/call/${answered}`, /this route would not have matched/);
  });

  it("shows savings over time, by route and by reason", async () => {
    await goTo(page, "#/savings", "By route, since the start");
    expect(await page.locator("svg rect.local").count()).toBeGreaterThan(0);
    expect(await page.locator("svg rect.forwarded").count()).toBeGreaterThan(0);
    await page.locator("#traffic-table summary").click();
    expect(await page.locator("#traffic-table tbody").innerText()).toMatch(/\d\d:\d\d\s+2\s+1/);
    for (const span of ["last day", "last 14 days"]) {
      await page.getByLabel(span).check();
      await page.locator("svg rect.local").first().waitFor();
    }
    await page.getByRole("link", { name: "greeting" }).click();
    await page.locator(".calls tbody tr").first().waitFor();
    expect(await page.locator(".calls tbody tr").count()).toBe(1);
    expect(await page.getByLabel("Route").inputValue()).toBe("greeting");
  });

  it("shows how far answers agree with the cloud's, and lets a suspended route answer again", async () => {
    await goTo(page, "#/agreement", "Not measured: every answer is given");
    const judge = async (id: string, verdict: string): Promise<void> => {
      const body = JSON.stringify({ id, verdict });
      await fetch(`${stage.sidecar.admin}/feedback`, { method: "POST", body });
    };
    await judge(answered, "right");
    const greeting = page.locator(".card", { hasText: "greeting" });
    await greeting.getByText("1 agree, 0 disagree").waitFor();
    expect(await greeting.innerText()).toMatch(
      /● answers[\s\S]*0\s% 95 % interval 0\s% to 79\.3\s%[\s\S]*Suspended above\s+2\s%/,
    );
    for (const text of ["hello", "hi", "hello"]) await judge(await stage.say(text), "wrong");
    await page.locator(".state", { hasText: "■ 1 route suspended" }).waitFor();
    await greeting.getByText(/■ suspended since/).waitFor();
    expect(await violationsOn(page)).toEqual([]);
    await greeting.getByRole("button", { name: "Let it answer again" }).click();
    await page.locator("dialog").getByRole("button", { name: "Answer again" }).click();
    await page.getByText("Not measured: every answer is given").waitFor();
    await page.locator(".state", { hasText: "suspended" }).waitFor({ state: "detached" });
  });

  it("shows every provider and target with its breaker, limits and price", async () => {
    await goTo(page, "#/targets", "No breaker is open.");
    const cards = await page.locator(".card").allInnerTexts();
    expect(cards).toHaveLength(3);
    expect(cards[0]).toMatch(/openai provider[\s\S]*● closed[\s\S]*2 since the start, 0 % failed/);
    expect(cards[2]).toMatch(
      /strong target[\s\S]*\$2 in, \$8 out a million tokens, as of 2026-11-01/,
    );
  });

  it("shows a breaker that opens, and says so above all", async () => {
    const down = {
      kind: "status",
      status: 503,
      retryAfter: null,
      headers: [],
      body: null,
    } as const;
    stage.cloud.state.faults.add([{ ...down, times: 0 }]);
    try {
      await eventually(async () => {
        await stage.say("is anybody there at all");
        const { targets } = Object(await adminJson(stage.sidecar, "/targets"));
        return Object(targets)[0]?.state === "open" ? true : null;
      });
      await shows(page, /breaker not closed: openai/);
    } finally {
      stage.cloud.state.faults.clear();
    }
  });

  it("shows what the cache holds, and by which rule", async () => {
    await goTo(page, "#/cache", "Replies kept");
    const text = await page.locator("main").innerText();
    expect(text).toMatch(/Calls served\s+1 fresh/);
    expect(text).toMatch(/every other route\s+exact\s+everybody\s+10 min/);
    expect(text).toMatch(/In an outage\s+replies up to 1 h old/);
  });

  it("shows the model's state, figures, limits and card", async () => {
    await goTo(page, "#/model", "Figures");
    const text = await page.locator("main").innerText();
    expect(text).toMatch(/● ready/);
    expect(text).toMatch(/task\s+macro-F1\s+0\.\d{3}\s+0\.\d{3} to 0\.\d{3}/);
    expect(text).toMatch(/English by weights, Japanese by characters/);
    await page.getByText("Time and memory").click();
    await shows(page, "Time of one decision, AMD EPYC, with VNNI");
  });

  it("shows the policy with colours, and checks an edited copy without taking it up", async () => {
    await goTo(page, "#/policy", "providers");
    expect(await page.locator(".y-key", { hasText: "providers" }).count()).toBe(1);
    const before = await adminJson(stage.sidecar, "/policy");
    await page.getByRole("button", { name: "Edit a copy" }).click();
    const area = page.locator("textarea");
    const text = await area.inputValue();
    await area.fill(text.replace("mode: enforce", "mode: enfroce"));
    await page.getByRole("button", { name: "Check" }).click();
    await shows(page, /did you mean `enforce`/);
    await shows(page, "-mode: enforce");
    await page.getByRole("button", { name: "line 2, column 7" }).click();
    expect(await page.evaluate("getSelection().toString()")).toBe("enfroce");
    await area.fill(text.replace("mode: enforce", "mode: observe"));
    await page.getByRole("button", { name: "Check" }).click();
    await shows(page, /✓ Valid: 5 routes, 2 intents, 1 target, mode observe/);
    expect(await adminJson(stage.sidecar, "/policy")).toEqual(before);
    await page.getByRole("button", { name: "Back to what is in force" }).click();
    await page.locator(".y-key").first().waitFor();
  });

  it("shows what the last reload changed, and why a broken one was refused", async () => {
    const text = await readFile(stage.sidecar.policyFile, "utf8");
    await writeFile(stage.sidecar.policyFile, text.replace("from 9 to 17", "from 8 to 20"));
    await page.getByText("1 line added, 1 removed").waitFor();
    await shows(page, /\+.*from 8 to 20/);
    await writeFile(stage.sidecar.policyFile, text.replace("routes:", "rotues:"));
    await shows(page, "What the files say now is not in force");
    await page.locator(".state", { hasText: "policy files have problems" }).waitFor();
    await writeFile(stage.sidecar.policyFile, text);
    await page.getByText("What the files say now is not in force").waitFor({ state: "detached" });
  });

  it("explains a text that is typed, without a call", async () => {
    const seen = stage.cloud.state.journal.entries(1_000).length;
    await goTo(page, "#/explain", "Type what a user might say.");
    await page.getByLabel("What a user says").fill("how do refunds work");
    await page.getByLabel("System prompt of the application").fill(acme);
    await page.keyboard.press("Control+Enter");
    await shows(page, "Refunds take five days.");
    const text = await page.locator(".result").innerText();
    expect(text).toMatch(/● local answered_template/);
    expect(text).toMatch(/● matched refunds/);
    expect(text).toMatch(/Its sentence\s+“how do refunds work”, word for word/);
    expect(text).toMatch(/with \w+ .* this route would not/);
    await page.getByLabel("Protocol").selectOption("anthropic-messages");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.locator(".result:not([aria-busy])", { hasText: "● matched refunds" }).waitFor();
    expect(stage.cloud.state.journal.entries(1_000)).toHaveLength(seen);
  });

  it("stops answering after one question, and goes on again", async () => {
    await goTo(page, "#/live", "Live calls");
    await page.getByRole("button", { name: "Stop answering" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(await adminJson(stage.sidecar, "/mode")).toEqual({ mode: "enforce" });
    await page.getByRole("button", { name: "Stop answering" }).click();
    await page.locator("dialog").getByRole("button", { name: "Stop answering" }).click();
    await page.locator(".state", { hasText: "stopped: observing" }).waitFor();
    await stage.say("hello");
    await page.locator(".calls tr", { hasText: "would: local" }).waitFor();
    await page.getByRole("button", { name: "Answer again" }).click();
    await page.locator(".state", { hasText: "● answering" }).waitFor();
    expect(await adminJson(stage.sidecar, "/mode")).toEqual({ mode: "enforce" });
  });

  it("can be used by keyboard alone", async () => {
    await goTo(page, "#/live", "Live calls");
    const titles = [
      "Live calls",
      "Savings",
      "Agreement with the cloud",
      "Targets and breakers",
      "Cache",
      "Model",
      "Policy",
      "Explain",
    ];
    for (const [at, title] of titles.entries()) {
      await page.keyboard.press(String(at + 1));
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
    }
    await page.locator("textarea:focus").first().waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("1");
    await page.locator(".calls tbody tr").nth(2).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    const id = await page.evaluate("document.activeElement.title");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: `Call ${String(id)}` }).waitFor();
    await shows(page, "Waterfall");
    await page.keyboard.press("Escape");
    await page.locator(`.calls a[title="${String(id)}"]:focus`).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("1p");
    expect(await page.locator("#search").inputValue()).toBe("1p");
    await page.keyboard.press("Tab");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.getByLabel("Single keys are on").uncheck();
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("2");
    await page.keyboard.press("?");
    expect(await page.locator("h1").innerText()).toBe("Live calls");
    expect(await page.locator("dialog").count()).toBe(0);
    await page.getByRole("button", { name: "Keys" }).click();
    await page.getByLabel("Single keys are on").check();
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("2");
    await page.getByRole("heading", { level: 1, name: "Savings" }).waitFor();
  });

  it("is light or dark as the system is, or as it is switched", async () => {
    const back = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await back();
    await page.emulateMedia({ colorScheme: "light" });
    const light = await back();
    expect(dark).not.toBe(light);
    const button = page.getByRole("button", { name: /^Theme/ });
    await button.click();
    await button.click();
    expect(await button.innerText()).toBe("Theme: dark");
    expect(await back()).toBe(dark);
    await page.reload();
    expect(await back()).toBe(dark);
    await page.keyboard.press("t");
    expect(await back()).toBe(light);
  });

  it("has nothing for axe to find, in no view and no theme, and fits a phone", async () => {
    const views: readonly (readonly [string, string | RegExp])[] = [
      ["#/live", /cache_hit/],
      [`#/call/${forwarded}`, "Waterfall"],
      ["#/savings", "By reason, since the start"],
      ["#/agreement", "Not measured"],
      ["#/targets", "strong"],
      ["#/cache", "every other route"],
      ["#/model", "Figures"],
      ["#/policy", "providers"],
      ["#/explain", "Protocol"],
    ];
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true };
    const small = await openTab(browser, `${stage.sidecar.admin}/`, phone);
    for (const [hash, text] of views) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await goTo(page, hash, text);
        expect([hash, colorScheme, await violationsOn(page)]).toEqual([hash, colorScheme, []]);
      }
      await goTo(small.page, hash, text);
      expect([hash, await overflowOf(small.page)]).toEqual([hash, 0]);
    }
    expect([small.complaints, await violationsOn(small.page)]).toEqual([[], []]);
    await small.page.close();
  }, 180_000);

  it("never showed what callers said, asked nobody else, and broke no rule of its own", async () => {
    expect(tab.complaints).toEqual([]);
    const strangers = tab.asked.filter((url) => !url.startsWith(stage.sidecar.admin));
    expect(strangers).toEqual([]);
    for (const hash of ["#/live", `#/call/${forwarded}`]) {
      await goTo(page, hash, forwarded === hash.slice(7) ? "Waterfall" : "Live calls");
      expect(await page.content()).not.toContain(secret);
    }
  });
});
