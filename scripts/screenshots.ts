/** Takes the pictures of the page in docs/images: a running sidecar, calls of an hour, and a real Chromium. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { openBrowser } from "../test/page/chromium.ts";
import { createStage } from "./screenshots/stage.ts";
import { playTraffic } from "./screenshots/traffic.ts";
import { views, type View } from "./screenshots/views.ts";

const help = `node scripts/screenshots.ts [--out DIR] [--all] [--folder DIR]

  --out DIR     where to write (default: docs/images)
  --all         every view in every look, to look at
  --folder DIR  where the policy lies meanwhile, as the page shows it; must not be there yet
                (default: a folder of the moment)`;

const minutes = 55;
const minuteMs = 1000;

const looks = ["light", "dark", "phone"] as const;
type Look = View["look"];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: join(import.meta.dirname, "../docs/images") },
      all: { type: "boolean", default: false },
      folder: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const out = resolve(values.out);
  await mkdir(out, { recursive: true });
  const browser = await openBrowser();
  const { folder } = values;
  if (folder !== undefined && existsSync(folder)) throw new Error(`${folder} is there already`);
  const stage = await createStage({
    speed: 60_000 / minuteMs,
    backMs: minutes * 60_000,
    folder,
  });
  try {
    await playTraffic(stage, minutes, minuteMs);
    for (const view of views) {
      for (const look of looks.filter((one) => values.all || one === view.look)) {
        const name = values.all ? `page-${view.name}-${look}` : `page-${view.name}`;
        await take(browser, stage.admin, { view, look, path: join(out, `${name}.png`) });
      }
    }
  } finally {
    await browser.close();
    await stage.close();
  }
}

interface Shot {
  readonly view: View;
  readonly look: Look;
  readonly path: string;
}

async function take(browser: Browser, admin: string, { view, look, path }: Shot): Promise<void> {
  const isPhone = look === "phone";
  const page = await browser.newPage({
    viewport: { width: isPhone ? 390 : 1120, height: isPhone ? 780 : view.height },
    colorScheme: look === "dark" ? "dark" : "light",
    locale: "en-GB",
  });
  await page.goto(`${admin}/${view.hash}`);
  await view.prepare(page);
  await page.locator(".state .badge").first().waitFor();
  await page.screenshot({ path });
  await page.close();
}

await main();
