/** The page's files: few bytes, served as they lie, nothing from elsewhere, nothing that turns a text into markup. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScriptedAdmin, type ScriptedAdmin } from "./scripted-admin.ts";

const folder = resolve(import.meta.dirname, "../../proxy/server/page");
const names = readdirSync(folder).filter((name) => /\.(js|css|svg|html)$/.test(name));
const mostBytes = 150_000;

describe("the page's files", () => {
  let admin: ScriptedAdmin;

  beforeAll(async () => {
    admin = await startScriptedAdmin();
  });

  afterAll(() => admin.close());

  it("are fewer than 150 KB in all", () => {
    const sizes = names.map((name) => readFileSync(join(folder, name)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(mostBytes);
  });

  it("are served as they lie there, and nothing else of the disk is", async () => {
    for (const name of names.filter((one) => one !== "index.html")) {
      const reply = await fetch(`${admin.url}/page/${name}`);
      expect(await reply.text()).toBe(readFileSync(join(folder, name), "utf8"));
      expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
    }
    for (const path of ["", "tsconfig.json", "index.html", "..%2fadmin.ts", "%2e%2e/admin.ts"]) {
      expect([path, (await fetch(`${admin.url}/page/${path}`)).status]).toEqual([path, 404]);
    }
  });

  it("name nothing that lies elsewhere", () => {
    for (const name of names) {
      const text = readFileSync(join(folder, name), "utf8");
      const elsewhere = text
        .matchAll(/https?:\/\/[^\s"'`)<]+/g)
        .map(([url]) => url)
        .filter((url) => !/^http:\/\/(www\.w3\.org\/2000\/svg|localhost:4000)/.test(url))
        .toArray();
      expect([name, elsewhere]).toEqual([name, []]);
    }
  });

  it("hold no inline script, no inline style and no way to make markup of a text", () => {
    const markup = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/;
    for (const name of names) {
      const text = readFileSync(join(folder, name), "utf8");
      expect([name, markup.test(text)]).toEqual([name, false]);
    }
    const html = readFileSync(join(folder, "index.html"), "utf8");
    expect(html).not.toMatch(/\son\w+=|\sstyle=|<style|<script>/);
  });

  it("begin each with a sentence that says what it is for", () => {
    for (const name of names.filter((one) => one.endsWith(".js"))) {
      expect(readFileSync(join(folder, name), "utf8")).toMatch(/^\/\*\* \S/);
    }
  });
});
