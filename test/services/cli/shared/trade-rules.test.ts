import { rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { runBacktest } from "#services/cli/backtest/run-backtest.ts";
import { runOptimize } from "#services/cli/optimize/run-optimize.ts";
import { runVerifyStrategy } from "#services/cli/verify/run-verify-strategy.ts";
import { CliWorld } from "#test/support/cli-world.ts";
import { BUSY } from "#test/support/factories/busy-strategy.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { withoutSummaries } from "#test/support/without-summaries.ts";

const world = new CliWorld();
afterAll(() => rmSync(world.folder, { recursive: true, force: true }));
world.candles("c.csv", madeCandles({ length: 6_000, seed: 21, volatilityPercent: 0.2, intervalMs: 300_000 }));

const MARKET = ["--candles", "c.csv", "--symbol", "MADEUSDT", "--timeframe", "5m"];
const backtest = (args: readonly string[], environment = {}) =>
  world.run((all, context) => runBacktest(all, context, [BUSY]), [...MARKET, ...args], environment);
const json = async (args: readonly string[], environment = {}) => {
  const { code, out, err } = await backtest(["--json", ...args], environment);
  expect({ code, err: withoutSummaries(err) }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
};

const VARIABLES = [
  ["STOP_LOSS_PERCENT", "--stop-loss-percent", "2.5", "stop_loss_percent"],
  ["TAKE_PROFIT_PERCENT", "--take-profit-percent", "3.5", "take_profit_percent"],
  ["LEVERAGE", "--leverage", "4", "leverage"],
  ["POSITION_SIZE", "--position-size", "250", "position_size"],
  ["TAKER_FEE_PERCENT", "--taker-fee-percent", "0.1", "taker_fee_percent"],
  ["SLIPPAGE_PERCENT", "--slippage-percent", "0.2", "slippage_percent"],
] as const;

describe("the trade rules of a command", () => {
  it("are the services' defaults, and the JSON says so", async () => {
    expect((await json([])).rules).toMatchObject({
      position_size: 100,
      leverage: 10,
      stop_loss_percent: 1,
      take_profit_percent: 2,
      taker_fee_percent: 0.055,
      slippage_percent: 0.01,
      tick_size: null,
      sources: { stop_loss_percent: "default", leverage: "default", tick_size: "default" },
    });
  });

  it.each(VARIABLES)(
    "take %s from the environment and from %s, with the same trades",
    async (name, option, value, key) => {
      const [plain, fromEnvironment, fromOption] = [
        await json([]),
        await json([], { [name]: value }),
        await json([option, value], { [name]: "1" }),
      ];
      expect(fromEnvironment.rules).toMatchObject({
        [key]: Number(value),
        sources: { [key]: "environment" },
      });
      expect(fromOption.rules).toMatchObject({ [key]: Number(value), sources: { [key]: "option" } });
      expect(fromEnvironment.strategies).toEqual(fromOption.strategies);
      expect(fromOption.strategies.BUSY.total_pnl).not.toBe(plain.strategies.BUSY.total_pnl);
    },
  );

  it("lie at the stop and the target that were given", async () => {
    const { strategies } = await json(["--stop-loss-percent", "2", "--take-profit-percent", "3"]);
    const [trade] = strategies.BUSY.trades;
    const direction = trade.side === "LONG" ? 1 : -1;
    expect(trade.stop_loss).toBeCloseTo(trade.entry_price * (1 - direction * 0.02), 9);
    expect(trade.take_profit).toBeCloseTo(trade.entry_price * (1 + direction * 0.03), 9);
  });

  it("are in the text with what set them", async () => {
    const { out } = await backtest(["--leverage", "5"], { STOP_LOSS_PERCENT: "2", TAKER_FEE_PERCENT: " " });
    expect(out.replaceAll(/\s+/g, " ")).toContain("margin $100 at 5x, stop 2 %, target 2 %, fee 0.055 %");
    expect(out.replaceAll(/\s+/g, " ")).toContain(
      "Set by: --leverage, and by the environment (STOP_LOSS_PERCENT); the others are defaults",
    );
  });

  it.each([
    ["backtest", (args: readonly string[], e = {}) => backtest(args, e)],
    [
      "optimize",
      (args: readonly string[], e = {}) =>
        world.run(runOptimize, [...MARKET, "--strategy", "BASIC", "--random", "3", ...args], e),
    ],
    [
      "verify-strategy",
      (args: readonly string[], e = {}) =>
        world.run(runVerifyStrategy, [...MARKET, "--strategy", "BASIC", ...args], e),
    ],
  ])("are checked and reported by %s", async (_, run) => {
    const wrong = await run([], { STOP_LOSS_PERCENT: "abc", LEVERAGE: "1000" });
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(wrong.err).toContain("STOP_LOSS_PERCENT");
    expect(wrong.err).toContain("LEVERAGE");
    const option = await run(["--leverage", "1000"]);
    expect(option).toMatchObject({ code: 2, out: "" });
    expect(option.err).toContain("--leverage");
    const good = await run(["--json", "--stop-loss-percent", "3"], { LEVERAGE: "2" });
    expect(good.code).toBe(0);
    expect(JSON.parse(good.out).rules).toMatchObject({
      stop_loss_percent: 3,
      leverage: 2,
      sources: { stop_loss_percent: "option", leverage: "environment", position_size: "default" },
    });
  });

  it("are searched from where they were given, and refuse to be searched and given", async () => {
    const args = [...MARKET, "--strategy", "BASIC", "--parameter", "rules.takeProfitPercent=2:3:1"];
    const found = await world.run(runOptimize, [...args, "--json", "--min-trades", "1"], {
      POSITION_SIZE: "200",
    });
    expect(JSON.parse(found.out).rules.position_size).toBe(200);
    const both = await world.run(runOptimize, [...args, "--take-profit-percent", "3"]);
    expect(both).toMatchObject({ code: 2, out: "" });
    expect(both.err).toContain("rules.takeProfitPercent is searched or set, and the option");
  });

  it("of a search are counted where a stop lies beyond the liquidation price", async () => {
    const args = [...MARKET, "--strategy", "BASIC", "--min-trades", "1"];
    const stops = ["--parameter", "rules.stopLossPercent=1,9,11,15"];
    const found = await world.run(runOptimize, [...args, ...stops, "--json"]);
    expect(JSON.parse(found.out).sets_with_unreachable_stop).toBe(2);
    const { out } = await world.run(runOptimize, [...args, ...stops]);
    expect(out.replaceAll(/\s+/g, " ")).toContain("2 of 4 sets have a stop beyond the liquidation price");
    const near = await world.run(runOptimize, [...args, "--parameter", "rules.stopLossPercent=1,2"]);
    expect(near.out).not.toContain("liquidation price");
  });

  it("say that every adverse exit is a liquidation where the stop is never reached", async () => {
    const args = ["--stop-loss-percent", "15"];
    expect((await backtest(args)).out.replaceAll(/\s+/g, " ")).toContain(
      "Every adverse exit is a liquidation: the stop, 15 % from the entry, is not reached before the liquidation price",
    );
    const found = await json(args);
    expect(found.rules.every_adverse_exit_is_a_liquidation).toBe(true);
    const reasons = found.strategies.BUSY.trades.map((trade: { exit_reason: string }) => trade.exit_reason);
    expect(reasons).not.toContain("stop_loss");
    expect((await json([])).rules.every_adverse_exit_is_a_liquidation).toBe(false);
  });
});

describe("--tick-size", () => {
  it("rounds the levels, and the output says how coarse it is", async () => {
    const { rules, strategies } = await json(["--tick-size", "0.5"]);
    expect(rules).toMatchObject({ tick_size: "0.5", sources: { tick_size: "option" } });
    expect(rules.tick_percent_of_stop).toBeGreaterThan(10);
    for (const trade of strategies.BUSY.trades) {
      expect((trade.stop_loss * 2) % 1).toBe(0);
      expect((trade.take_profit * 2) % 1).toBe(0);
    }
    expect((await backtest(["--tick-size", "0.5"])).out).toContain("Levels: rounded to the tick 0.5");
    expect((await backtest([])).out).toContain("Levels: exact, no tick size was given");
  });

  it("takes what most prices show", async () => {
    const { rules, strategies } = await json(["--tick-size", "auto"]);
    expect(rules).toMatchObject({ tick_size: "0.01", sources: { tick_size: "inferred" } });
    expect(strategies).toEqual((await json(["--tick-size", "0.01"])).strategies);
  });

  it("is used by the search", async () => {
    const args = [
      ...[...MARKET, "--strategy", "BASIC", "--parameter", "rules.stopLossPercent=1:2:0.5"],
      ...["--min-trades", "1", "--json"],
    ];
    const found = await world.run(runOptimize, [...args, "--tick-size", "1"]);
    const { out_of_sample, rules } = JSON.parse(found.out);
    expect(rules.tick_size).toBe("1");
    expect(out_of_sample.trades.length).toBeGreaterThan(0);
    for (const trade of out_of_sample.trades) expect(trade.stop_loss % 1).toBe(0);
  });

  it.each(["0", "-1", "x", "1e5", "1000000", ""])("refuses %j", async (tick) => {
    const { code, out, err } = await backtest(["--tick-size", tick]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("--tick-size");
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});

describe("--from and --to", () => {
  const moments = { from: "2025-06-10T00:00Z", to: "2025-06-15" };
  const args = ["--from", moments.from, "--to", moments.to];

  it("limit the window; candles before it warm up", async () => {
    const [whole, part] = [await json([]), await json(args)];
    expect(part.from_time).toBe(Date.parse(moments.from));
    expect(part.to_time).toBe(Date.parse(moments.to));
    expect(part.candles).toBe(5 * 288);
    for (const trade of part.strategies.BUSY.trades) {
      expect(trade.signal_time).toBeGreaterThan(part.from_time);
      expect(trade.exit_time).toBeLessThan(part.to_time);
    }
    // The first decision needs no 60 candles inside the window: those before it are known.
    const first = part.strategies.BUSY.trades[0].signal_time;
    expect(first - part.from_time).toBeLessThan(60 * 300_000);
    expect(whole.candles).toBe(6_000);
  });

  it("give what a file that ends there gives", async () => {
    const candles = madeCandles({ length: 6_000, seed: 21, volatilityPercent: 0.2, intervalMs: 300_000 });
    const count = (Date.parse(moments.to) - candles.startMs) / 300_000;
    world.candles(
      "cut.csv",
      madeCandles({ length: count, seed: 21, volatilityPercent: 0.2, intervalMs: 300_000 }),
    );
    const cut = await world.run(
      (all, context) => runBacktest(all, context, [BUSY]),
      [...MARKET.with(1, "cut.csv"), "--json", "--from", moments.from],
    );
    expect(JSON.parse(cut.out)).toEqual(await json(args));
  });

  it("begin the first train window of a search, and the candles that are verified", async () => {
    const from = ["--from", moments.from, "--json"];
    const found = await world.run(runOptimize, [...MARKET, "--strategy", "BASIC", "--random", "3", ...from]);
    const { windows, to_time } = JSON.parse(found.out);
    expect(windows[0].train_from).toBeGreaterThanOrEqual(Date.parse(moments.from));
    expect(windows.at(-1).test_to).toBe(to_time);
    const verified = await world.run(runVerifyStrategy, [
      ...[...MARKET, "--strategy", "BASIC", "--from", moments.from, "--to", "2025-06-11", "--json"],
    ]);
    expect(JSON.parse(verified.out).candles).toBe(288);
  });

  it.each([
    [["--from", "2030-01-01"], "leaves no candle of"],
    [["--to", "2020-01-01"], "leaves no candle of"],
    [["--from", "2025-06-15", "--to", "2025-06-10"], "is not before --to"],
    [["--from", "tomorrow"], "expected a timestamp such as"],
  ])("refuse %j", async (given, message) => {
    const { code, out, err } = await backtest(given);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });
});
