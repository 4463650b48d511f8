import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { aggregate } from "#libs/candles/aggregate.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { runBacktest } from "#services/cli/backtest/run-backtest.ts";
import { captured } from "#test/support/captured-output.ts";
import { BUSY } from "#test/support/factories/busy-strategy.ts";
import { candleFileText } from "#test/support/factories/candle-file.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { withoutSummaries } from "#test/support/without-summaries.ts";

const folder = mkdtempSync(path.join(tmpdir(), "backtest-significance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const written = path.join(folder, name);
  writeFileSync(written, content);
  return written;
}

/** Wild enough that half an hour often holds both a stop and a target. */
const MINUTES = madeCandles({ length: 60_000, seed: 4, volatilityPercent: 0.35 });
const minutes = file("minutes.csv", candleFileText(MINUTES));
const HALF_HOURS = aggregate(MINUTES, 30 * MINUTE_MS);
const halfHours = file("half-hours.csv", candleFileText(HALF_HOURS));

const run = (...args: string[]) =>
  captured((output) =>
    runBacktest(["--symbol", "MADEUSDT", "--timeframe", "30m", ...args], output, [
      BUSY,
      { ...BUSY, name: "SAME" },
    ]),
  );

async function json(...args: string[]) {
  const { code, out, err } = await run("--json", ...args);
  expect({ code, err: withoutSummaries(err) }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
}

describe("backtest --statistics", () => {
  it("adds to each strategy what may be chance, and changes nothing else", async () => {
    const plain = await json("--candles", minutes);
    const { strategies, ...rest } = await json("--candles", minutes, "--statistics");
    expect(rest).toEqual({ ...plain, strategies: undefined });
    for (const name of ["BUSY", "SAME"]) {
      const {
        statistics,
        ambiguous_trades,
        ambiguous_trades_decided,
        optimistic_pnl,
        optimistic_win_rate,
        ...figures
      } = strategies[name];
      expect(figures).toEqual(plain.strategies[name]);
      expect(figures.total_trades).toBeGreaterThan(20);
      expect(Object.keys(statistics)).toEqual([
        "win_rate_low",
        "win_rate_high",
        "mean_trade_p_value",
        "sharpe_per_trade",
        "probabilistic_sharpe",
        "deflated_sharpe",
        "trials",
        "buy_and_hold_pnl",
        "buy_and_hold_percent",
      ]);
      expect(statistics.win_rate_low).toBeLessThan(figures.win_rate);
      expect(statistics.win_rate_high).toBeGreaterThan(figures.win_rate);
      expect(statistics.trials).toBe(2);
      expect(statistics.deflated_sharpe).toBeLessThan(statistics.probabilistic_sharpe);
      expect(ambiguous_trades).toBeGreaterThan(0);
      expect(ambiguous_trades_decided).toBe(0);
      expect(optimistic_pnl).toBeGreaterThan(figures.total_pnl);
      expect(optimistic_win_rate).toBeGreaterThan(figures.win_rate);
    }
    const { open, close, length } = HALF_HOURS;
    const bought = (open[0] ?? Number.NaN) * 1.0001;
    const sold = (close[length - 1] ?? Number.NaN) * 0.9999;
    const percent = (sold / bought - 1 - 0.00055 * (1 + sold / bought)) * 100;
    expect(strategies.BUSY.statistics.buy_and_hold_percent).toBeCloseTo(percent, 9);
  });

  it("allows for as many trials as it is told", async () => {
    const few = await json("--candles", minutes, "--statistics", "--trials", "1");
    const many = await json("--candles", minutes, "--statistics", "--trials", "300");
    const one = await json("--candles", minutes, "--statistics", "--strategy", "BUSY");
    const of = (result: typeof few) => result.strategies.BUSY.statistics;
    expect(of(few).deflated_sharpe).toBe(of(few).probabilistic_sharpe);
    expect(of(many).deflated_sharpe).toBeLessThan(of(few).deflated_sharpe);
    expect(of(one).trials).toBe(1);
  });

  it.each(["0", "-3", "1.5", "many", ""])("refuses %j trials", async (trials) => {
    const { code, out, err } = await run("--candles", minutes, `--trials=${trials}`);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/trials/);
  });
});

describe("backtest --detail", () => {
  it("lets the candles inside decide, and gives every other trade as before", async () => {
    const plain = await json("--candles", halfHours, "--statistics");
    const detailed = await json("--candles", halfHours, "--statistics", "--detail", minutes);
    for (const name of ["BUSY", "SAME"]) {
      const [before, after] = [plain.strategies[name], detailed.strategies[name]];
      expect(after.ambiguous_trades).toBe(before.ambiguous_trades);
      expect(after.ambiguous_trades_decided).toBeGreaterThan(0);
      expect(after.trades).toHaveLength(before.trades.length);
      let changed = 0;
      for (const [k, trade] of after.trades.entries()) {
        expect(trade.exit_time).toBe(before.trades[k].exit_time);
        if (trade.exit_reason !== before.trades[k].exit_reason) changed++;
      }
      expect(changed).toBeLessThanOrEqual(after.ambiguous_trades_decided);
      const sum = after.trades.reduce(
        (total: number, { net_pnl }: { net_pnl: number }) => total + net_pnl,
        0,
      );
      expect(after.total_pnl).toBeCloseTo(sum, 9);
    }
  });

  it("says in the JSON how many trades were ambiguous, without being asked for statistics", async () => {
    const { strategies } = await json("--candles", halfHours, "--detail", minutes);
    const { ambiguous_trades, ambiguous_trades_decided, total_pnl, optimistic_pnl } = strategies.BUSY;
    expect(ambiguous_trades_decided).toBeGreaterThan(0);
    expect(ambiguous_trades).toBeGreaterThanOrEqual(ambiguous_trades_decided);
    expect(optimistic_pnl).toBeGreaterThanOrEqual(total_pnl);
    expect(strategies.BUSY.statistics).toBeUndefined();
    expect((await json("--candles", halfHours)).strategies.BUSY.ambiguous_trades).toBeUndefined();
  });

  it("refuses candles that do not lie inside, naming the file", async () => {
    const others = { "7": 7, "30": 30, "60": 60 };
    for (const [name, length] of Object.entries(others)) {
      const detail = file(`${name}.csv`, candleFileText(aggregate(MINUTES, length * MINUTE_MS)));
      const { code, out, err } = await run("--candles", minutes, "--detail", detail);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain(detail);
    }
  });
});

describe("the table for people", () => {
  it("says what may be chance, always", async () => {
    const { out } = await run("--candles", minutes);
    for (const text of [
      "Buy and hold:",
      "95 % CI",
      "p-value",
      "PSR",
      "DSR",
      "Configurations tried",
      "Stop and target",
    ]) {
      expect(out).toContain(text);
    }
  });

  it("fits 80 columns, has no blank at a line's end, and sets prices below each other", async () => {
    const cheap = { ...MINUTES };
    for (const column of ["open", "high", "low", "close"] as const) {
      cheap[column] = MINUTES[column].map((price) => price * 1e-6);
    }
    for (const candles of [minutes, file("cheap.csv", candleFileText(cheap))]) {
      const { code, out } = await run("--candles", candles);
      expect(code).toBe(0);
      const lines = out.split("\n");
      expect(lines.filter((line) => line.length > 80 || /\s$/.test(line))).toEqual([]);
      const trades = lines.filter((line) => / (stop|target) +-?\$/.test(line));
      expect(trades).toHaveLength(10);
      for (const five of [trades.slice(0, 5), trades.slice(5)]) {
        expect(new Set(five.map((line) => line.indexOf("."))).size).toBe(1);
        expect(five.filter((line) => / 0\.0* /.test(line))).toEqual([]);
      }
    }
  });

  it("shows undefined figures as such", async () => {
    const few = file("few.csv", candleFileText(sliceCandles(MINUTES, 0, 30 * 70)));
    const { code, out } = await run("--candles", few);
    expect(code).toBe(0);
    expect(out).not.toMatch(/NaN|null|undefined|Infinity/);
  });
});
