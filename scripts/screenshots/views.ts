/** The views of which pictures are taken, and what is done in each before. */
import type { Page } from "playwright-core";

/** One picture. */
export interface View {
  readonly name: string;
  readonly hash: string;
  /** In which look docs/ shows it. */
  readonly look: "light" | "dark" | "phone";
  readonly height: number;
  /** Rejects when the view does not show what it should. */
  readonly prepare: (page: Page) => Promise<void>;
}

/** In the order of the page. */
export const views: readonly View[] = [
  { name: "live", hash: "#/live", look: "light", height: 800, prepare: rows },
  { name: "live-phone", hash: "#/live", look: "phone", height: 760, prepare: rows },
  { name: "call", hash: "#/live?reason=faq_no_match", look: "light", height: 1540, prepare: call },
  { name: "savings", hash: "#/savings", look: "dark", height: 1080, prepare: text("By route") },
  { name: "agreement", hash: "#/agreement", look: "light", height: 640, prepare: card },
  { name: "targets", hash: "#/targets", look: "dark", height: 620, prepare: card },
  { name: "cache", hash: "#/cache", look: "light", height: 480, prepare: text("Replies kept") },
  { name: "model", hash: "#/model", look: "light", height: 800, prepare: text("macro-F1") },
  { name: "policy", hash: "#/policy", look: "dark", height: 1320, prepare: check },
  { name: "explain", hash: "#/explain", look: "light", height: 1000, prepare: explain },
];

async function rows(page: Page): Promise<void> {
  await page.locator(".calls tbody tr").nth(12).waitFor();
}

function text(words: string): (page: Page) => Promise<void> {
  return (page) => page.getByText(words).first().waitFor();
}

async function card(page: Page): Promise<void> {
  await page.locator(".card").first().waitFor();
}

async function call(page: Page): Promise<void> {
  await page.locator(".calls tbody tr").first().click();
  await page.getByText("Scores of the model").first().waitFor();
}

/** An edited copy with a slip of the pen. */
async function check(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Edit a copy" }).first().click();
  const area = page.locator("textarea");
  await area.evaluate("(area) => area.setAttribute('rows', '12')");
  await area.fill((await area.inputValue()).replace("max_wrong: 1%", "max_worng: 2%"));
  await page.getByRole("button", { name: "Check" }).click();
  await page.locator(".problems button").first().click();
  await page.locator(".hunk").first().waitFor();
  await page.evaluate("scrollTo(0, 0)");
}

async function explain(page: Page): Promise<void> {
  await page.getByLabel("What a user says").fill("how much do you charge for delivery");
  const prompt = "You are the support assistant of Acme, a web shop. Answer briefly and kindly.";
  await page.getByLabel("System prompt of the application").fill(prompt);
  await page.getByRole("button", { name: "Explain", exact: true }).click();
  await page.locator(".result:not([aria-busy]) .headline").waitFor();
}
