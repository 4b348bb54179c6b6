/** Loads a model in a fresh process and says how long that took and what memory it added; spawned by the part `latency`. */
import { createClassifier } from "../../proxy/inference/classifier.ts";

const beforeBytes = process.memoryUsage.rss();
const begin = performance.now();
const classifier = createClassifier({ model: process.argv[2] ?? "models/support-v1" });
const { status, error } = await classifier.ready;
const loadMs = performance.now() - begin;
const found = await classifier.classify("where is my order", performance.now() + 60_000);
const addedMB = (process.memoryUsage.rss() - beforeBytes) / 1e6;
await classifier.close();
if (status !== "ready" || "kind" in found) throw new Error(error ?? "the model gave no answer");
process.stdout.write(JSON.stringify({ loadMs, addedMB }));
