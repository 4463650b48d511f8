import { describe, expect, it } from "vitest";
import { type BacktestResult, backtest } from "#libs/backtest/backtest.ts";
import { DAY_MS, TIMEFRAMES } from "#libs/candles/timeframe.ts";
import { DEFAULT_BACKTEST_DAYS } from "#libs/config/settings.ts";
import { type History, loadHistory } from "#libs/history/history.ts";
import { tradability } from "#libs/market/tradability.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { decide } from "#libs/strategy/decide.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { sourceMarket } from "#test/support/factories/source-market.ts";

const NOW = DEFAULT_START_MS;
const TOP = 30;
/** The defaults of the selector. */
const MIN_TRADES = 20;
const MIN_WIN_RATE = 45;
const MIN_PNL = 100;

describe("strategies on the synthetic market, at its default start and with the default filters", () => {
  it("partly pass and partly lose, and some of those that pass have an entry", async () => {
    const exchange = syntheticExchange();
    const market = sourceMarket(exchange, NOW);
    const selected: string[] = [];
    const positions = new Set<string>();
    let judged = 0;
    let losers = 0;
    for (const symbol of mostVolatile(exchange)) {
      for (const timeframe of TIMEFRAMES) {
        const fromMs = NOW - DEFAULT_BACKTEST_DAYS[timeframe] * DAY_MS;
        const history = await loadHistory(market, { symbol, timeframe, fromMs, toMs: NOW, withBtc: true });
        const result = backtest(history.input, { firstIndex: history.firstIndex });
        for (const { name } of STRATEGIES) {
          const figures = result.strategies[name]?.figures;
          if (figures === undefined || figures.totalTrades < MIN_TRADES) continue;
          judged += 1;
          if (figures.totalPnl < 0) losers += 1;
          if (!passes(result, name)) continue;
          selected.push(`${symbol} ${timeframe} ${name}`);
          if (hasEntry(history, name)) positions.add(symbol);
        }
      }
    }
    expect(judged).toBeGreaterThan(150);
    expect(losers).toBeGreaterThan(judged / 4);
    expect(selected.length).toBeGreaterThanOrEqual(15);
    expect(selected.length).toBeLessThanOrEqual(60);
    expect(positions.size).toBeGreaterThanOrEqual(3);
  }, 180_000);
});

function passes(result: BacktestResult, name: string): boolean {
  const figures = result.strategies[name]?.figures;
  return figures !== undefined && (figures.winRate ?? 0) >= MIN_WIN_RATE && figures.totalPnl >= MIN_PNL;
}

function hasEntry({ input }: History, name: string): boolean {
  const strategy = STRATEGIES.find((candidate) => candidate.name === name);
  if (strategy === undefined) return false;
  return decide(strategy, makeStudy(input), input.candles.length - 1).kind === "signal";
}

function mostVolatile(exchange: ReturnType<typeof syntheticExchange>): readonly string[] {
  return exchange
    .listings(NOW)
    .flatMap((listing) => {
      const instrument = { ...listing, tickSize: "", qtyStep: "", minNotionalValue: null };
      const day = exchange.dayStatistics(listing.symbol, NOW);
      if (tradability(instrument, NOW, { minListingDays: 30 }).kind === "refused") return [];
      if (day === null || day.turnover < 5e6 * 1e4) return [];
      return [{ symbol: listing.symbol, range: day.high / day.low }];
    })
    .sort((a, b) => b.range - a.range)
    .slice(0, TOP)
    .map(({ symbol }) => symbol);
}
