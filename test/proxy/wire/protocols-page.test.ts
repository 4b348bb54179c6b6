/** docs/protocols.md names every parameter, barrier and beta that the codecs know. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  harmlessBetas,
  anthropicParameters,
} from "../../../proxy/wire/anthropic-messages-request.ts";
import { barrierOrder } from "../../../proxy/wire/barriers.ts";
import { openAiParameters } from "../../../proxy/wire/openai-chat-request.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/protocols.md"), "utf8");
const rows = page.split("\n").filter((line) => line.startsWith("| `"));

function named(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/`([a-z_0-9-]+)(?:[:.][^`]*)?`/g)].map((match) => match[1] ?? ""),
  );
}

describe("the page on protocols", () => {
  it("lists the barriers in the order in which they are told", () => {
    const listed = rows.map((row) => /^\| `(\w+)`/.exec(row)?.[1] ?? "");
    expect(listed.slice(-barrierOrder.length)).toEqual(barrierOrder);
  });

  it.each([
    ["OpenAI", openAiParameters, 2],
    ["Anthropic", anthropicParameters, 3],
  ] as const)(
    "names every parameter of %s, the barring ones in the row of their barrier",
    (_name, rules, column) => {
      for (const [parameter, rule] of rules) {
        const barrier = rule({ any: ["odd", 1] }) ?? "parameter_unknown";
        const row = rows.find((line) => line.startsWith(`| \`${barrier}\``)) ?? "";
        const place = barrier === "parameter_unknown" ? page : (row.split(" | ")[column - 1] ?? "");
        expect([...named(place)], parameter).toContain(parameter);
      }
    },
  );

  it("names every harmless beta and no other", () => {
    const betas = [...named(page)].filter((name) => /-\d{4}-\d\d-\d\d$/.test(name));
    expect(betas.toSorted()).toEqual([...harmlessBetas].toSorted());
  });
});
