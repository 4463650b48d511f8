import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { aggregate } from "#libs/candles/aggregate.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { runOptimize } from "#services/cli/optimize/run-optimize.ts";
import { makeSearchProgress } from "#services/cli/optimize/search-progress.ts";
import { captured } from "#test/support/captured-output.ts";
import { eventually } from "#test/support/eventually.ts";
import { BUSY } from "#test/support/factories/busy-strategy.ts";
import { candleFileText } from "#test/support/factories/candle-file.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { startProgram } from "#test/support/process/program.ts";
import { withoutSummaries } from "#test/support/without-summaries.ts";

const folder = mkdtempSync(path.join(tmpdir(), "optimize-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const written = path.join(folder, name);
  writeFileSync(written, content);
  return written;
}

const CANDLES = aggregate(madeCandles({ length: 36_000, seed: 1, volatilityPercent: 0.16 }), 5 * MINUTE_MS);
const candles = file("candles.csv", candleFileText(CANDLES));
const few = file("few.csv", candleFileText(sliceCandles(CANDLES, 0, 500)));

const MARKET = ["--symbol", "MADEUSDT", "--timeframe", "5m"];
const run = (...args: string[]) => {
  const strategy = args.includes("--strategy") ? [] : ["--strategy", "ADVANCED"];
  return captured((output) => runOptimize([...MARKET, ...strategy, "--candles", candles, ...args], output));
};

const SMALL = [
  "--parameter",
  "trend.threshold=70:80:5",
  "--parameter",
  "zoneDistancePercent=0.5,1",
  "--min-trades",
  "3",
];

async function json(...args: string[]) {
  const { code, out, err } = await run("--json", ...args);
  expect({ code, err: withoutSummaries(err) }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
}

describe("the rules of a search", () => {
  it("are those that its sets trade by", async () => {
    const found = await json(
      ...SMALL,
      ...["--set", "rules.leverage=50", "--set", "rules.stopLossPercent=5", "--tick-size", "0.01"],
    );
    expect(found.rules).toMatchObject({
      leverage: 50,
      stop_loss_percent: 5,
      every_adverse_exit_is_a_liquidation: true,
      sources: { leverage: "option", stop_loss_percent: "option", position_size: "default" },
    });
    const searched = await json("--parameter", "rules.stopLossPercent=1,2", "--min-trades", "3");
    expect(searched.rules.every_adverse_exit_is_a_liquidation).toBeNull();
  });

  it("are within the bounds of the services' settings", async () => {
    for (const value of ["0.5,1", "10,500"]) {
      const { code, err } = await run("--parameter", `rules.leverage=${value}`);
      expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining("LEVERAGE") });
    }
  });
});

describe("optimize", () => {
  it("prints what each window promised and what came, as JSON alone", async () => {
    const found = await json(...SMALL);
    expect(found.search).toMatchObject({
      parameters: { "trend.threshold": [70, 75, 80], zoneDistancePercent: [0.5, 1] },
      fixed: {},
      grid_size: 6,
      configurations_tried: 6,
      seed: null,
      objective: "pnl",
      min_trades: 3,
      anchored: false,
    });
    expect(found.windows.length).toBe(5);
    for (const [k, window] of found.windows.entries()) {
      expect(window.train_to).toBe(window.test_from);
      expect(window.test_to - window.test_from).toBe(found.search.test_candles * 5 * MINUTE_MS);
      if (k > 0) expect(window.test_from).toBe(found.windows[k - 1].test_to);
      expect(Object.keys(window.parameters)).toEqual(["trend.threshold", "zoneDistancePercent"]);
      expect(window.in_sample.total_trades).toBeGreaterThanOrEqual(3);
      expect(window.in_sample.trials).toBe(6);
    }
    expect(found.windows.at(-1).test_to).toBe(found.to_time);
    const { out_of_sample: after } = found;
    expect(after.trades).toHaveLength(after.total_trades);
    expect(after.equity.at(-1).pnl).toBeCloseTo(after.total_pnl, 9);
    expect(after.total_pnl).toBeCloseTo(
      found.windows.reduce(
        (sum: number, window: { out_of_sample: { total_pnl: number } }) =>
          sum + window.out_of_sample.total_pnl,
        0,
      ),
      9,
    );
    expect(after.trials).toBe(6);
    expect(after.deflated_sharpe).toBeLessThanOrEqual(after.probabilistic_sharpe);
    expect(found.next.train_to).toBe(found.to_time);
    expect(found.stability.chosen["trend.threshold"]).toHaveLength(5);
  });

  it("counts the positions open at a window's end, with their worth, window by window", async () => {
    const far = ["--set", "rules.takeProfitPercent=20", "--set", "rules.stopLossPercent=8"];
    const args = [...far, "--parameter", "trend.threshold=70,80", "--min-trades", "1"];
    const found = await json(...args);
    const after: { open_trades: number; open_pnl: number }[] = found.windows.map(
      (window: { out_of_sample: unknown }) => window.out_of_sample,
    );
    const open = after.reduce((sum, { open_trades }) => sum + open_trades, 0);
    expect(open).toBeGreaterThan(0);
    expect(found.out_of_sample.open_trades).toBe(open);
    expect(found.out_of_sample.open_pnl).toBeCloseTo(
      after.reduce((sum, { open_pnl }) => sum + open_pnl, 0),
      9,
    );
    for (const { in_sample: before, top } of found.windows) {
      const [first] = top;
      expect([first.in_sample.open_trades, first.in_sample.open_pnl]).toEqual([
        before.open_trades,
        before.open_pnl,
      ]);
      expect(first.in_sample.objective).toBeCloseTo(before.total_pnl + before.open_pnl, 9);
    }
    const { out } = await run(...args);
    const lines = out.split("open at the end")[1]?.split("\n").slice(1, 6) ?? [];
    for (const [k, { open_trades, open_pnl }] of after.entries()) {
      const worth = `${open_pnl < 0 ? "-" : ""}$${Math.abs(open_pnl).toFixed(2)}`;
      expect(lines[k]?.trim().split(/ +/).slice(-2)).toEqual([
        `${open_trades}`,
        open_trades === 0 ? "-" : worth,
      ]);
    }
    expect(out).toMatch(/Open at the end +\d+ +\d+ +\d+/);
  });

  it("finds the same on one thread and on three, and again", async () => {
    const args = ["--json", "--random", "100", "--seed", "5", "--top", "3", "--min-trades", "3"];
    const [one, again, three] = [
      await run(...args, "--workers", "1"),
      await run(...args, "--workers", "1"),
      await run(...args, "--workers", "3"),
    ];
    expect(one.code).toBe(0);
    expect(JSON.parse(one.out).search).toMatchObject({ configurations_tried: 100, seed: 5 });
    expect(again).toEqual(one);
    expect(three).toEqual(one);
  });

  it("scores more sets than one walk takes", async () => {
    const args = ["--json", "--grid", "--min-trades", "3"];
    const rules = [
      "--parameter",
      "rules.stopLossPercent=0.5:2:0.03",
      "--parameter",
      "rules.takeProfitPercent=1:4:0.07",
    ];
    const [one, two] = [await run(...args, ...rules), await run(...args, ...rules, "--workers", "2")];
    expect(JSON.parse(one.out).search.configurations_tried).toBe(51 * 43);
    expect(two).toEqual(one);
  });

  it("searches the declared parameters when nobody says which", async () => {
    const found = await json(
      "--min-trades",
      "3",
      "--set",
      "trend.threshold=75",
      "--set",
      "rules.stopLossPercent=1.5",
    );
    expect(found.search.fixed).toEqual({ "trend.threshold": 75, "rules.stopLossPercent": 1.5 });
    expect(Object.keys(found.search.parameters)).toEqual([
      "reversal.threshold",
      "coinTrend.thresholdPercent",
      "zoneDistancePercent",
      "coinTrend.window",
    ]);
    expect(found.search.configurations_tried).toBe(found.search.grid_size);
  });

  it("searches the windows that were asked for", async () => {
    const found = await json(
      ...SMALL,
      ...[
        "--train-days",
        "8",
        "--test-days",
        "2.5",
        "--warm-up-days",
        "3",
        "--anchored",
        "--objective",
        "t",
        "--top",
        "2",
      ],
    );
    expect(found.search).toMatchObject({
      train_candles: 2304,
      test_candles: 720,
      warm_up_candles: 864,
      anchored: true,
    });
    const starts = found.windows.map((window: { train_from: number }) => window.train_from);
    expect(new Set(starts).size).toBe(1);
    expect(found.windows[0].top).toHaveLength(2);
    expect(found.windows[0].top[0].in_sample.objective).toBeGreaterThanOrEqual(
      found.windows[0].top[1].in_sample.objective,
    );
  });

  it("prints a table for people", async () => {
    const { code, out, err } = await run(...SMALL, "--top", "2");
    expect({ code, err: withoutSummaries(err) }).toEqual({ code: 0, err: "" });
    for (const text of [
      "in-sample",
      "out-of-sample",
      "with defaults",
      "Walk-forward efficiency",
      "DSR",
      "6 sets x 5 windows",
    ]) {
      expect(out).toContain(text);
    }
    expect(out).not.toMatch(/NaN|undefined|Infinity/);
    expect(out).toContain("live has them");
  });

  it("says so where no set has enough trades", async () => {
    const { code, out } = await run(...SMALL.slice(0, -1), "100000");
    expect(code).toBe(0);
    expect(out).toContain("no set had enough trades");
    expect(out).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("reads numbers as people write them", async () => {
    const { code, out } = await run("--parameter", "trend.threshold=+70,8e1,.5", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out).search.parameters).toEqual({ "trend.threshold": [70, 80, 0.5] });
  });

  it("searches a strategy that is not registered", async () => {
    const own = { ...BUSY, defaults: { depth: 5 } };
    const { code, out } = await captured((output) =>
      runOptimize(
        [
          ...MARKET,
          "--candles",
          candles,
          "--strategy",
          "BUSY",
          "--parameter",
          "depth=1:3:1",
          "--workers",
          "2",
          "--json",
        ],
        output,
        [own],
      ),
    );
    expect(code).toBe(0);
    expect(JSON.parse(out).search.configurations_tried).toBe(3);
  });

  it.each([
    [["--strategy", "NOTHING"], '"NOTHING" is not a strategy: choose one of BASIC, ADVANCED'],
    [["--parameter", "nothing=1:2:1"], "ADVANCED has no parameter nothing; declared are trend.threshold,"],
    [["--parameter", "minimumFrames"], "declares no range for it: give one, or choose trend.threshold,"],
    [["--parameter", "trend.threshold=90:70:5"], "the range is reversed: 70 is below 90"],
    [["--parameter", "trend.threshold=70:90:0"], "the step must be above 0, not 0"],
    [["--parameter", "trend.threshold=70:90"], "a range is from:to:step"],
    [["--parameter", "trend.threshold=70:90:5:1"], "a range is from:to:step"],
    [["--parameter", "trend.threshold=0:1:0.00001"], "more than 10000 values"],
    [["--parameter", "trend.threshold=ten"], '"ten" is not a number'],
    [["--parameter", "trend.threshold="], '"" is not a number'],
    [["--parameter", "trend.threshold=1=2"], "it has more than one ="],
    [["--parameter", "trend.threshold=70,70"], "a value is given twice"],
    [["--parameter", "coinTrend.window=20:30:0.5"], "it is a count, so 20.5 is not a value of it"],
    [["--parameter", "coinTrend.window=-10:30:10"], "it is a count, so -10 is not a value of it"],
    [["--set", "coinTrend.window=0"], "it is a count, so 0 is not a value of it"],
    [
      ["--parameter", "trend.threshold", "--parameter", "trend.threshold=70"],
      "the parameter trend.threshold is given twice",
    ],
    [
      ["--parameter", "trend.threshold", "--set", "trend.threshold=70"],
      "the parameter trend.threshold is given twice",
    ],
    [["--set", "trend.threshold=70,75"], "is not one value: write --set trend.threshold=VALUE"],
    [["--set", "trend.threshold"], "is not one value"],
    [["--parameter", "rules.stopLossPercent=0:1:0.5"], "the trade rule stopLossPercent cannot be 0"],
    [["--grid"], "more than 100000: fewer parameters, longer steps or --random N"],
    [["--grid", "--random", "5"], "cannot be used with option"],
    [["--random", "0"], "expected a whole number from 1 to 100000"],
    [["--train-days", "0"], "expected a number of days above 0"],
    [["--train-days", "x"], "expected a number of days above 0"],
    [["--train-days", "99999999999999999999"], "expected a number of days above 0 and up to 36525"],
    [["--test-days", "0.001"], "--test-days 0.001 is 0 candles, at least 2 are needed"],
    [["--warm-up-days", "0.1"], "--warm-up-days 0.1 is 29 candles, at least 60 are needed"],
    [["--train-days", "1000"], "are too few for one window: 500 to warm up, 288000 to choose on"],
    [["--objective", "significance"], "Allowed choices are pnl, mean, sharpe, t"],
    [["--min-trades", "0"], "expected a whole number from 1"],
    [["--workers", "0"], "expected a whole number from 1 to 64"],
  ])("refuses %j with one sentence and exit code 2", async (args, message) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it("refuses a file that is too short for one window", async () => {
    const { code, out, err } = await captured((output) =>
      runOptimize([...MARKET, "--candles", few, "--strategy", "ADVANCED"], output),
    );
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("500 candles of 5 minutes are too few for one window");
  });

  it("says that there is nothing to search", async () => {
    const { code, err } = await captured((output) =>
      runOptimize([...MARKET, "--candles", candles, "--strategy", "BUSY"], output, [BUSY]),
    );
    expect(code).toBe(2);
    expect(err).toContain("there is nothing to search: BUSY declares no other parameter, give --parameter");
  });

  it("takes its bar away when it fails", async () => {
    let decisions = 0;
    const failing: typeof BUSY = {
      ...BUSY,
      defaults: { depth: 5 },
      decide(view, parameters) {
        decisions += 1;
        if (decisions > 300) throw new Error("it breaks late");
        return BUSY.decide(view, parameters);
      },
    };
    let err = "";
    const output = { print: () => {}, printError: (text: string) => (err += text), isWatched: true };
    const args = [...MARKET, "--candles", candles, "--strategy", "BUSY", "--parameter", "depth=1:3:1"];
    expect(await runOptimize(args, output, [failing])).toBe(1);
    expect(err).toContain(" %");
    const [, refusal] = err.split("\r\u001b[2Koptimize: ");
    expect(refusal).toMatch(
      /^the strategy BUSY throws an error at candle 60, 2025-.*: it breaks late: .*\n$/,
    );
  });

  it("ends at once when interrupted", async () => {
    const program = startProgram("services/cli/optimize/main.ts", [
      ...MARKET,
      ...["--candles", candles, "--strategy", "ADVANCED", "--random", "100000", "--workers", "2", "--json"],
    ]);
    await eventually("it searches", () => program.stderr().includes("searching: "), { timeoutMs: 60_000 });
    program.kill("SIGINT");
    expect(await program.exited).toBe("SIGINT");
    expect(program.stdout()).toBe("");
  }, 90_000);
});

describe("the progress of a search", () => {
  function shown(watched: boolean, steps: readonly (readonly [ms: number, part: number])[]) {
    let nowMs = 1000;
    let text = "";
    const progress = makeSearchProgress(
      "searching",
      watched,
      (more) => {
        text += more;
      },
      () => nowMs,
    );
    for (const [ms, part] of steps) {
      nowMs = 1000 + ms;
      progress.show(part);
    }
    progress.clear();
    return text;
  }

  it("is one line drawn over itself where a person watches, and gone at the end", () => {
    const clear = "\r\u001b[2K";
    expect(
      shown(true, [
        [0, 0],
        [2000, 0.5],
        [2050, 0.6],
      ]),
    ).toBe(`${clear}${"░".repeat(30)} 0 %${clear}${"█".repeat(15)}${"░".repeat(15)} 50 %, 2 s left${clear}`);
  });

  it("is a plain line now and then elsewhere, and none for what is quick", () => {
    expect(
      shown(false, [
        [100, 0.1],
        [4999, 0.4],
        [5000, 0.5],
        [6000, 0.6],
        [10_000, 0.999],
      ]),
    ).toBe("searching: 50 %, 5 s left\nsearching: 99 %, 1 s left\n");
    expect(shown(false, [[100, 0.9]])).toBe("");
    expect(shown(true, [])).toBe("");
  });
});
