import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keptFit } from "../../../proxy/inference/fit-store.ts";
import { fitRegression, fitVersion, type Examples } from "../../../proxy/inference/regression.ts";

/** Unit vectors of two classes, without a pattern. */
function examples(shift = 0): Examples {
  const width = 6;
  const rows = Array.from({ length: 8 }, (_, row) => {
    const values = Array.from({ length: width }, (__, d) => Math.sin(1 + shift + row * 5 + d * d));
    const norm = Math.hypot(...values);
    return values.map((value) => value / norm);
  });
  return {
    vectors: Float32Array.from(rows.flat()),
    width,
    labels: Int32Array.from(rows, (_, row) => row % 2),
    classes: 2,
  };
}

async function fitted(folder: string | null, given = examples()) {
  const heard: boolean[] = [];
  const regression = await keptFit({ folder }, (isKept) => heard.push(isKept))(given);
  return { regression, isKept: heard[0] };
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "sidestep-fits-"));
}

test("a second start with the same sentences fits nothing and has the same bits", async () => {
  const folder = newFolder();
  const first = await fitted(folder);
  const second = await fitted(folder);
  expect([first.isKept, second.isKept]).toEqual([false, true]);
  expect(second.regression).toEqual(first.regression);
  expect(second.regression).toEqual(fitRegression(examples()));
});

test("other sentences, other labels and no folder are fitted anew", async () => {
  const folder = newFolder();
  await fitted(folder);
  const labels = Int32Array.from(examples().labels, (label) => 1 - label);
  for (const other of [examples(1), { ...examples(), labels }]) {
    expect((await fitted(folder, other)).isKept).toBe(false);
  }
  expect((await fitted(null)).isKept).toBe(false);
});

test("a damaged file is fitted anew and replaced", async () => {
  const folder = newFolder();
  const { regression } = await fitted(folder);
  const file = join(folder, readdirSync(folder)[0] ?? "");
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(file, bytes);
  expect(await fitted(folder)).toEqual({ regression, isKept: false });
  expect((await fitted(folder)).isKept).toBe(true);
});

test("the version of the fit names this result: raise it together with these numbers", () => {
  const { weights, bias } = fitRegression(examples());
  const rounded = [...weights.slice(0, 4), ...bias].map((value) => Number(value.toFixed(3)));
  expect({ fitVersion, rounded }).toMatchInlineSnapshot(`
    {
      "fitVersion": 2,
      "rounded": [
        -1.957,
        4.975,
        -4.146,
        4.738,
        -0.013,
        0.013,
      ],
    }
  `);
});
