/** The page's files, served as they lie in the folder `page`, under a policy that lets nothing else run; the admin listener's `/`. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { bundledFile } from "../core/bundled.ts";
import { assets, type Routes, type SmallReply } from "./small-server.ts";

/** Only files of these kinds are served. */
const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** No script or style but the page's own files, no other host, and no text that becomes markup. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const headers = {
  "content-security-policy": contentSecurityPolicy,
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
};

/** Beside this file in a checkout, beside the program in a bundle. */
const folder = bundledFile("page", import.meta.dirname);

/** What stands in index.html for the list of paths. */
const placeForPaths = "<!-- paths -->";

/** The page's document and its files by path. */
export interface PageFiles {
  /** Null when the folder is not there. */
  readonly document: string | null;
  readonly routes: Routes;
}

/** Reads all of them once; nothing outside the folder can be asked for. */
export async function readPageFiles(): Promise<PageFiles> {
  const names: readonly string[] = await readdir(folder).catch(() => []);
  const document = names.includes("index.html")
    ? await readFile(join(folder, "index.html"), "utf8")
    : null;
  const files = names.filter((name) => types[extname(name)] !== undefined);
  const routes = await Promise.all(
    files.map(async (name) => [`${assets}${name}`, routeTo(name, await textOf(name))] as const),
  );
  return { document, routes: Object.fromEntries(routes) };
}

/** The document, with a list of the paths for those who come without a browser. */
export function pageReply(document: string, paths: string): SmallReply {
  const body = document.replace(placeForPaths, () => paths);
  return { status: 200, contentType: "text/html; charset=utf-8", headers, body };
}

function textOf(name: string): Promise<string> {
  return readFile(join(folder, name), "utf8");
}

function routeTo(name: string, body: string): Routes[string] {
  const contentType = types[extname(name)] ?? "text/plain";
  return { GET: () => ({ status: 200, contentType, headers, body }) };
}
