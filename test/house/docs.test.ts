/** The reference pages say exactly what the program's tables say. */
import { describe, expect, it } from "vitest";
import { drifted } from "../../scripts/docs.ts";

describe("reference pages", () => {
  it("list every reason and every error of the tables, and no others", () => {
    expect(drifted()).toEqual([]);
  });
});
