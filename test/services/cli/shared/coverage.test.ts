import { rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { type Candles, endMs } from "#libs/candles/candles.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { DAY_MS } from "#libs/candles/timeframe.ts";
import { runBacktest } from "#services/cli/backtest/run-backtest.ts";
import { runOptimize } from "#services/cli/optimize/run-optimize.ts";
import { runVerifyStrategy } from "#services/cli/verify/run-verify-strategy.ts";
import { CliWorld } from "#test/support/cli-world.ts";
import { madeCandles, madeFunding } from "#test/support/factories/made-candles.ts";
import { withoutSummaries } from "#test/support/without-summaries.ts";

const MINUTES_5 = 300_000;
const world = new CliWorld();
afterAll(() => rmSync(world.folder, { recursive: true, force: true }));

const candles = madeCandles({ length: 2_880, seed: 21, volatilityPercent: 0.2, intervalMs: MINUTES_5 });
const btc = madeCandles({ length: 2_880, seed: 5, intervalMs: MINUTES_5, price: 100_000, tick: 0.1 });
const funding = madeFunding(candles.startMs, endMs(candles));
const moved = (series: Candles, days: number): Candles => ({
  ...series,
  startMs: series.startMs + days * DAY_MS,
});
world.candles("coin.csv", candles);
world.candles("btc.csv", btc);
world.candles("btc-half.csv", sliceCandles(btc, 1_440));
world.candles("btc-other-year.csv", moved(btc, -365));
world.funding("funding.csv", funding);
world.funding("funding-other-year.csv", {
  ...funding,
  timeMs: funding.timeMs.map((ms) => ms - 365 * DAY_MS),
});

const MARKET = ["--candles", "coin.csv", "--symbol", "MADEUSDT", "--timeframe", "5m"];
const COMMANDS = [
  ["backtest", runBacktest, []],
  [
    "optimize",
    runOptimize,
    ["--strategy", "ADVANCED", "--parameter", "coinTrend.window=30,40", "--min-trades", "1"],
  ],
  ["verify-strategy", runVerifyStrategy, ["--strategy", "ADVANCED"]],
] as const;

const json = async (...args: readonly string[]) => {
  const { code, out, err } = await world.run(runBacktest, [...MARKET, "--json", ...args]);
  expect(code).toBe(0);
  return { ...JSON.parse(out), err };
};
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ");

describe.each(COMMANDS)("%s", (_, command, more) => {
  const run = (...args: readonly string[]) => world.run(command, [...MARKET, ...more, ...args]);

  it("says which part of the window each series covers, in text and JSON", async () => {
    const args = ["--btc", "btc-half.csv", "--funding", "funding.csv"];
    const { coverage } = JSON.parse((await run("--json", ...args)).out);
    expect(coverage.window).toEqual({ from_time: candles.startMs, to_time: endMs(candles), days: 10 });
    expect(coverage.btc).toEqual({
      from_time: candles.startMs + 5 * DAY_MS,
      to_time: endMs(candles),
      share: 0.5,
      days: 5,
    });
    expect(coverage.funding.share).toBeGreaterThan(0.95);
    expect(coverage.detail).toBeNull();
    expect(coverage.frames["5m/1d"]).toMatchObject({ share: 0.9, days: 9 });
    expect(coverage.frames["1d/30d"]).toEqual({ from_time: null, to_time: null, share: 0, days: 0 });
    const text = oneLine((await run(...args)).out);
    expect(text).toContain("BTC: 5.0 of 10.0 days (50 %), 2025-06-03 17:05 to 2025-06-08 17:05 UTC");
    expect(text).toContain("Fibonacci frame without a full window: 1d/30d");
  });

  it("refuses a series that does not overlap the window", async () => {
    for (const args of [
      ["--btc", "btc-other-year.csv"],
      ["--funding", "funding-other-year.csv"],
      // The file overlaps, the window of the command does not.
      ["--btc", "btc-half.csv", "--to", "2025-06-02"],
    ]) {
      const { code, out, err } = await run(...args);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain(`${args[0]} `);
      expect(err).toContain("nothing of the window");
      expect(err.trim().split("\n")).toHaveLength(1);
    }
  });

  it("refuses rates in percent", async () => {
    const rate = funding.rate.map((one) => one * 100);
    world.funding("funding-percent.csv", { ...funding, rate });
    const { code, out, err } = await run("--funding", "funding-percent.csv");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("funding-percent.csv");
    expect(err).toContain("percent");
  });

  it("says why a strategy cannot trade on what it was given, and nothing when it can", async () => {
    const args = command === runBacktest ? ["--strategy", "ADVANCED"] : [];
    const reason = async (...files: readonly string[]) => {
      const found = JSON.parse((await run("--json", ...args, ...files)).out);
      return command === runBacktest ? found.strategies.ADVANCED.cannot_trade : found.cannot_trade;
    };
    expect(await reason()).toMatch(/75 of 80 .* 80 of 85 .*BTC is unknown, and funding is unknown/);
    expect(await reason("--btc", "btc.csv")).toBeNull();
    expect(await reason("--funding", "funding.csv")).toBeNull();
    const text = oneLine((await run(...args)).out);
    expect(text).toContain("ADVANCED cannot trade");
    expect(text).toContain("BTC is unknown, and funding is unknown");
    expect(oneLine((await run(...args, "--btc", "btc.csv")).out)).not.toContain("cannot trade");
  });
});

describe("the names of files", () => {
  it("are reported where they contradict what the files are given for", async () => {
    world.candles("BYBIT_ETHUSDT_5.csv", candles);
    world.candles("SOL-USDT-5m.csv", btc);
    world.funding("funding_SOLUSDT.csv", funding);
    const { notes, err } = await json(...["--btc", "SOL-USDT-5m.csv", "--funding", "funding_SOLUSDT.csv"]);
    expect(notes).toEqual([
      "--btc SOL-USDT-5m.csv: the name says SOLUSDT, it is used as BTCUSDT",
      "--funding funding_SOLUSDT.csv: the name says SOLUSDT, it is used as MADEUSDT",
    ]);
    expect(err).toContain("backtest: note: --btc SOL-USDT-5m.csv: the name says SOLUSDT");
    const candlesOf = await world.run(runBacktest, [...MARKET.with(1, "BYBIT_ETHUSDT_5.csv"), "--json"]);
    expect(JSON.parse(candlesOf.out).notes).toEqual([
      "--candles BYBIT_ETHUSDT_5.csv: the name says ETHUSDT, it is used as MADEUSDT",
    ]);
  });

  it("are not reported where they fit or name nothing", async () => {
    world.candles("MADEUSDT-5m-2025-06.csv", candles);
    world.candles("BTCUSDT2025-06-01.csv", btc);
    const { out, err } = await world.run(runBacktest, [
      ...[...MARKET.with(1, "MADEUSDT-5m-2025-06.csv"), "--btc", "BTCUSDT2025-06-01.csv", "--json"],
    ]);
    expect({ notes: JSON.parse(out).notes, err: withoutSummaries(err) }).toEqual({ notes: [], err: "" });
  });
});

describe("--detail", () => {
  const detail = madeCandles({ length: 14_400, seed: 21, volatilityPercent: 0.2 });
  world.candles("made-1m.csv", detail);
  const base = ["--candles", "made-1m.csv", "--symbol", "MADEUSDT", "--timeframe", "5m", "--json"];
  const run = (...args: readonly string[]) => world.run(runBacktest, [...base, ...args]);

  it("covers a part of the window", async () => {
    world.candles("detail-part.csv", sliceCandles(detail, 7_200));
    const { coverage } = JSON.parse((await run("--detail", "detail-part.csv")).out);
    expect(coverage.detail).toMatchObject({ share: 0.5, to_time: endMs(detail) });
  });

  it.each([
    ["of another coin", { ...btc, ...madeCandles({ length: 14_400, seed: 9, price: 30 }) }],
    ["that are off by an hour", { ...detail, startMs: detail.startMs + 3_600_000 }],
    ["with prices ten times as high", times(detail, 10)],
  ])("refuses candles %s", async (_, wrong) => {
    world.candles("wrong.csv", wrong);
    const { code, out, err } = await run("--detail", "wrong.csv");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/--detail .*wrong.csv does not fit .*made-1m.csv: .* of \d+ candles/);
  });

  it("takes candles of another exchange, whose prices are a little different", async () => {
    world.candles("elsewhere.csv", times(detail, 1.0004));
    expect((await run("--detail", "elsewhere.csv")).code).toBe(0);
  });
});

describe("what cannot be known", () => {
  it("is a cost of funding that is unknown and not 0", async () => {
    const { out } = await world.run(runBacktest, MARKET);
    expect(out).toMatch(/Funding +unknown +unknown/);
    const { out: known } = await world.run(runBacktest, [...MARKET, "--funding", "funding.csv"]);
    expect(known).toMatch(/Funding +-?\$\d/);
  });

  it("is what a file holds that ends before the first decision", async () => {
    world.candles("short.csv", sliceCandles(candles, 0, 61));
    const run = (...args: readonly string[]) =>
      world.run(runBacktest, [...MARKET.with(1, "short.csv"), ...args]);
    const { strategies } = JSON.parse((await run("--json")).out);
    for (const { cannot_trade } of Object.values(strategies) as { cannot_trade: string }[])
      expect(cannot_trade).toContain("61 candles hold no decision in the window");
    expect(oneLine((await run()).out)).toContain("BASIC cannot trade: 61 candles hold no decision");
    world.candles("enough.csv", sliceCandles(candles, 0, 62));
    const enough = await world.run(runBacktest, [...MARKET.with(1, "enough.csv"), "--json"]);
    expect(JSON.parse(enough.out).strategies.BASIC.cannot_trade).toBeNull();
  });
});

function times(series: Candles, factor: number): Candles {
  const scaled = (column: Float64Array) => column.map((price) => price * factor);
  const { open, high, low, close } = series;
  return { ...series, open: scaled(open), high: scaled(high), low: scaled(low), close: scaled(close) };
}
