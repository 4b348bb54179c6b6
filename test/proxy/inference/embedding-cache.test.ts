import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EmbeddingCache } from "../../../proxy/inference/embedding-cache.ts";

const digest = "0123456789abcdef".repeat(4);
const unit = Float32Array.of(0.6, 0.8);

function folder(): string {
  return mkdtempSync(join(tmpdir(), "sidestep-cache-"));
}

async function saved(place: string): Promise<string> {
  const cache = new EmbeddingCache(digest, { maxEntries: 10, folder: place });
  cache.set("hello", unit);
  cache.set("bye", Float32Array.of(1, 0));
  await cache.save();
  return join(place, readdirSync(place)[0] ?? "");
}

async function loaded(place: string): Promise<EmbeddingCache> {
  const cache = new EmbeddingCache(digest, { maxEntries: 10, folder: place });
  await cache.load();
  return cache;
}

test("a later run reads what an earlier one wrote, and the file holds no text", async () => {
  const place = folder();
  const file = await saved(place);
  expect((await loaded(place)).get("hello")).toEqual(unit);
  expect(readFileSync(file).includes("hello")).toBe(false);
});

test("another model's vectors are not read", async () => {
  const place = folder();
  await saved(place);
  const other = new EmbeddingCache("f".repeat(64), { maxEntries: 10, folder: place });
  await other.load();
  expect(other.get("hello")).toBeUndefined();
});

test("a cut file counts as empty, a damaged record as missing", async () => {
  const place = folder();
  const file = await saved(place);
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, -1));
  expect((await loaded(place)).get("hello")).toBeUndefined();
  bytes.fill(0xff, 4 + 16, 4 + 20);
  writeFileSync(file, bytes);
  const cache = await loaded(place);
  expect([cache.get("hello"), cache.get("bye")].filter((one) => one === undefined)).toHaveLength(1);
  writeFileSync(file, Buffer.alloc(3));
  expect((await loaded(place)).get("bye")).toBeUndefined();
});

test("the oldest entries leave when the bound is reached", () => {
  const cache = new EmbeddingCache(digest, { maxEntries: 2, folder: null });
  for (const text of ["a", "b", "c"]) cache.set(text, unit);
  expect(cache.get("a")).toBeUndefined();
  expect(cache.get("c")).toBe(unit);
});

test("without a folder, and with one that cannot be written, nothing fails", async () => {
  const memory = new EmbeddingCache(digest, { maxEntries: 2, folder: null });
  await memory.load();
  await memory.save();
  const file = join(folder(), "file");
  writeFileSync(file, "");
  const blocked = new EmbeddingCache(digest, { maxEntries: 2, folder: join(file, "below") });
  blocked.set("a", unit);
  await blocked.save();
  expect(existsSync(join(file, "below"))).toBe(false);
});
