import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PARTS } from "./parts.ts";
import { scoreOf, scoreTable } from "./score.ts";

const mutants = (...statuses: Parameters<typeof scoreOf>[1][number]["status"][]) =>
  statuses.map((status) => ({ status }));

describe("the score of mutants", () => {
  it("is the share that was noticed of those that were tried", () => {
    const tried = mutants("Killed", "Killed", "Timeout", "Survived", "NoCoverage");
    const leftOut = mutants("Ignored", "CompileError", "RuntimeError");
    expect(scoreOf("rules", [...tried, ...leftOut])).toEqual({
      name: "rules",
      killed: 2,
      timedOut: 1,
      survived: 1,
      uncovered: 1,
      percent: 60,
    });
  });

  it("is none when nothing was tried", () => {
    expect(scoreOf("rules", mutants("Ignored")).percent).toBeNull();
  });

  it("is shown in columns", () => {
    const table = scoreTable([scoreOf("rules", mutants("Killed", "Survived")), scoreOf("none", [])]);
    expect(table.split("\n")).toEqual([
      "       killed  timed out  survived  uncovered   score",
      "rules       1          0         1          0  50.0 %",
      "none        0          0         0          0    none",
      "",
    ]);
  });
});

describe("the parts that are mutated", () => {
  it("have tests each", () => {
    const tests = readdirSync("test", { recursive: true, encoding: "utf8" }).map((file) => `test/${file}`);
    for (const { name, tests: pattern } of PARTS) {
      expect(tests.filter((file) => pattern.test(file)).length, name).toBeGreaterThan(0);
    }
  });
});
