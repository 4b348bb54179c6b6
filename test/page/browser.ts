/** A real Chromium for the tests of the page: what it asks, what it complains about, and what axe finds in it. */
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import * as v from "valibot";
import { describe } from "vitest";
import { executable } from "./chromium.ts";

/** A suite that needs a browser; skipped where there is none, unless every part is required. */
export function describeInBrowser(name: string, tests: () => void): void {
  const isRequired = process.env["SIDESTEP_REQUIRE_PARTS"] === "1";
  if (executable === null && !isRequired) {
    console.warn(`SKIPPED: ${name}: there is no Chromium (Debian: apt-get install chromium)`);
    describe.skip(name, tests);
    return;
  }
  describe(name, tests);
}

/** A tab with all that it asked and complained about. */
export interface Tab {
  readonly page: Page;
  /** Addresses of every request. */
  readonly asked: readonly string[];
  /** Errors of scripts, and what the content security policy did not let through. */
  readonly complaints: readonly string[];
}

/** Opens a view of the page at `admin`. */
export async function openTab(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  // A colour that is still on its way to the next one has a contrast that nobody reads.
  const still = { viewport: { width: 1200, height: 800 }, reducedMotion: "reduce" } as const;
  const page = await browser.newPage({ ...still, ...options });
  page.setDefaultTimeout(45_000);
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted|Refused/i.test(message.text())) {
      complaints.push(message.text());
    }
  });
  await page.goto(address);
  return { page, asked, complaints };
}

/** Goes to a view and waits until it shows `text`. */
export async function goTo(page: Page, hash: string, text: string | RegExp): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await shows(page, text);
}

/** Waits until the page shows `text`. */
export async function shows(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).filter({ visible: true }).first().waitFor();
}

const results = v.object({
  violations: v.array(
    v.looseObject({ id: v.string(), nodes: v.array(v.looseObject({ html: v.string() })) }),
  ),
});

/** What axe finds, as "rule: element"; empty when all is well. */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate("axe.run({ resultTypes: ['violations'] })");
  return v
    .parse(results, found)
    .violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** How many pixels the document is wider than its window. */
export async function overflowOf(page: Page): Promise<number> {
  const wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
  return Number(await page.evaluate(wide));
}
