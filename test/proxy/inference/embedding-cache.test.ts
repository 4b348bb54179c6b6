import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
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

test("only its owner can read the file", async () => {
  expect(statSync(await saved(folder())).mode & 0o777).toBe(0o600);
});

test.each<[string, (bytes: Buffer) => Buffer]>([
  ["cut", (bytes) => bytes.subarray(0, -1)],
  ["of one wrong byte", (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.of(0x3e)])],
  ["of another form", (bytes) => Buffer.concat([Buffer.from("x"), bytes.subarray(1)])],
  ["all but empty", () => Buffer.alloc(3)],
])("a file that is %s counts as empty, and is replaced", async (_, damage) => {
  const place = folder();
  const file = await saved(place);
  writeFileSync(file, damage(readFileSync(file)));
  expect((await loaded(place)).get("hello")).toBeUndefined();
  await saved(place);
  expect((await loaded(place)).get("hello")).toEqual(unit);
});

test("two processes that keep sentences of one model lose none of them", async () => {
  const place = folder();
  const other = await loaded(place);
  await saved(place);
  other.set("good morning", unit);
  await other.save();
  const both = await loaded(place);
  expect([both.get("hello"), both.get("good morning")]).toEqual([unit, unit]);
});

test("saves at once leave one whole file and no draft", async () => {
  const place = folder();
  const cache = await loaded(place);
  cache.set("a", unit);
  const first = cache.save();
  cache.set("b", unit);
  await Promise.all([first, cache.save()]);
  expect(readdirSync(place)).toHaveLength(1);
  const read = await loaded(place);
  expect([read.get("a"), read.get("b")]).toEqual([unit, unit]);
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
