/** Finds and starts a Chromium of this machine; the tests of the page and the script that draws its pictures use it. */
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Null where there is none. */
export const executable: string | null =
  [process.env["SIDESTEP_CHROMIUM"] ?? "", ...places].find((path) => existsSync(path)) ?? null;

/** Starts the browser; nothing but this machine can be reached from it. */
export function openBrowser(): Promise<Browser> {
  if (executable === null) throw new Error("there is no Chromium; set SIDESTEP_CHROMIUM to one");
  const hosts = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1";
  return chromium.launch({
    executablePath: executable,
    args: ["--no-sandbox", "--disable-dev-shm-usage", hosts],
  });
}
