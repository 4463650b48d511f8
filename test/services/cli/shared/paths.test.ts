import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { noSignal } from "#libs/strategy/decision.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { runBacktest } from "#services/cli/backtest/run-backtest.ts";
import { runOptimize } from "#services/cli/optimize/run-optimize.ts";
import { CliWorld } from "#test/support/cli-world.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { withoutSummaries } from "#test/support/without-summaries.ts";

const world = new CliWorld();
afterAll(() => rmSync(world.folder, { recursive: true, force: true }));
const candles = madeCandles({ length: 3_000, seed: 21, volatilityPercent: 0.15, intervalMs: 300_000 });
world.candles("whole.csv", candles);
mkdirSync(path.join(world.folder, "parts"));
world.candles("parts/MADEUSDT-1.csv", sliceCandles(candles, 0, 1_000));
// Later candles in an earlier name, and candles that two files share.
world.candles("parts/MADEUSDT-0.csv", sliceCandles(candles, 900, 3_000));
world.candles("parts/gap.csv", sliceCandles(candles, 0, 800));

const MARKET = ["--symbol", "MADEUSDT", "--timeframe", "5m"];
const run = (...args: readonly string[]) => world.run(runBacktest, [...MARKET, ...args]);

describe("relative paths", () => {
  it("start from the folder of the call, for files and for the report, whose place is printed", async () => {
    const { code, out } = await run("--candles", "whole.csv", "--report", "parts/report.html");
    expect(code).toBe(0);
    const place = path.join(world.folder, "parts", "report.html");
    expect(existsSync(place)).toBe(true);
    expect(out.endsWith(`Report: ${place}\n`)).toBe(true);
    const json = await run("--candles", "whole.csv", "--json", "--report", "other.html");
    expect(JSON.parse(json.out).candles).toBe(3_000);
    expect(withoutSummaries(json.err)).toBe(`report: ${path.join(world.folder, "other.html")}\n`);
  });

  it("start there when npm runs the command in another folder", async () => {
    const { stdout } = await promisify(execFile)(
      "npm",
      [
        "--prefix",
        process.cwd(),
        "run",
        "-s",
        "backtest",
        "--",
        "--candles",
        "whole.csv",
        ...MARKET,
        "--json",
      ],
      { cwd: world.folder },
    );
    expect(JSON.parse(stdout)).toMatchObject({ symbol: "MADEUSDT", candles: 3_000 });
  });

  it("leave standard input to a pipe, from any folder", async () => {
    const command = `cat whole.csv | npm --prefix ${process.cwd()} run -s backtest -- --candles - ${MARKET.join(" ")} --json`;
    const { stdout } = await promisify(execFile)("sh", ["-c", command], { cwd: world.folder });
    expect(JSON.parse(stdout)).toMatchObject({ symbol: "MADEUSDT", candles: 3_000 });
  });

  it("are named absolute where a file is missing", async () => {
    const { code, out, err } = await run("--candles", "none.csv");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(path.join(world.folder, "none.csv"));
  });
});

describe("several files of one symbol", () => {
  it("are joined in the order of time, from a pattern, a list or repeated options", async () => {
    const { strategies } = JSON.parse((await run("--json", "--candles", "whole.csv")).out);
    const files = ["parts/MADEUSDT-0.csv", "parts/MADEUSDT-1.csv"] as const;
    for (const args of [
      ["--candles", "parts/MADEUSDT-*.csv"],
      ["--candles", "parts/MADEUSDT-[0-9].csv"],
      ["--candles", "p?rts/MADEUSDT-?.csv"],
      ["--candles", ...files],
      ["--candles", files[0], "--candles", files[1]],
    ]) {
      const { code, out, err } = await run("--json", ...args);
      expect({ code, err: withoutSummaries(err) }).toEqual({ code: 0, err: "" });
      expect(JSON.parse(out).strategies).toEqual(strategies);
    }
  });

  it.each([
    [["--candles", "parts/*.txt"], "fits no file in"],
    [["--candles", "parts/gap.csv", "parts/MADEUSDT-0.csv"], "gap"],
    [["--candles", "whole.csv", "--candles", "whole.csv"], "twice"],
  ])("are refused: %j", async (args, message) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it("are refused where they disagree", async () => {
    const later = sliceCandles(candles, 900, 2_000);
    world.candles("other.csv", {
      ...later,
      close: later.close.map((close, i) => (i === 5 ? (later.low[5] ?? 0) : close)),
    });
    const { code, err } = await run("--candles", "parts/MADEUSDT-1.csv", "other.csv");
    expect(code).toBe(2);
    expect(err).toMatch(/is a duplicate of .* line \d+, and they differ: close .* and /);
  });
});

describe("options", () => {
  it.each([
    [["--candles", "whole.csv", "--symbol", "MADEUSDT"], "option '--symbol' is given twice"],
    [["--candles", "whole.csv", "--json", "--json"], "option '--json' is given twice"],
    [["--candles", "whole.csv", "--leverage", "2", "--leverage=3"], "option '--leverage' is given twice"],
    [["--candles", "-", "--btc", "-"], "standard input (-) is given for two options"],
    [["--candles", "whole.csv", "--statistics"], "--statistics is for --json"],
    [["--candles", "whole.csv", "--json", "--trials", "5"], "--trials changes the statistics only"],
    [["--candles", "whole.csv", "--trials", "0"], "expected a whole number from 1"],
  ])("that lose a value or contradict each other are refused: %j", async (args, message) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it("that take a list may be repeated", async () => {
    const args = ["--strategy", "BASIC", "--min-trades", "1", "--json", "--candles", "whole.csv"];
    const { code, out } = await world.run(runOptimize, [
      ...[...MARKET, ...args, "--parameter", "rsiLow=30,35", "--parameter", "rsiHigh=65,70"],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out).search.parameters).toEqual({ rsiLow: [30, 35], rsiHigh: [65, 70] });
  });

  it("of a search that draws nothing refuse a seed", async () => {
    const args = [...MARKET, "--candles", "whole.csv", "--strategy", "BASIC", "--grid", "--seed", "3"];
    expect(await world.run(runOptimize, args)).toMatchObject({ code: 2, out: "" });
  });
});

describe("a strategy that throws", () => {
  const failing: Strategy = {
    name: "FAILING",
    description: "made for a test",
    defaults: { window: 100 },
    decide(view) {
      if (view.close() > 0) view.close(99);
      return noSignal("quiet");
    },
  };

  it.each([
    ["backtest", runBacktest, []],
    ["optimize", runOptimize, ["--strategy", "FAILING", "--parameter", "window=90,100"]],
  ])("is reported by %s with its name and the candle, without a stack trace", async (name, command, more) => {
    const { code, out, err } = await world.run(
      (args, context) => command(args, context, [failing]),
      [...MARKET, "--candles", "whole.csv", ...more],
    );
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(new RegExp(`^${name}: the strategy FAILING throws an error at candle 60, 2025-`));
    expect(err).toContain("no candle 99 back from candle 60");
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});
