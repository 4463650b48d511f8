import { backtest } from "#libs/backtest/backtest.ts";
import { DAY_MS, TIMEFRAMES, timeframeMs } from "#libs/candles/timeframe.ts";
import { DEFAULT_BACKTEST_DAYS } from "#libs/config/settings.ts";
import { loadHistory } from "#libs/history/history.ts";
import { tradability } from "#libs/market/tradability.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import type { ExchangeSource } from "#libs/simulator/source.ts";
import {
  DEFAULT_SEED,
  DEFAULT_START_MS,
  syntheticExchange,
} from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { decide } from "#libs/strategy/decide.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { commandLineArguments, print } from "#libs/terminal/terminal.ts";
import { sourceMarket } from "#test/support/factories/source-market.ts";

/*
 * What the strategies make of the synthetic market with the default filters: how many results pass, how
 * many of those have an entry at the moment. The generator is tuned with it; the filters are not.
 * Arguments: seed, start moment (ISO), number of moments, hours between them.
 */
const TOP = 30;

function topSymbols(source: ExchangeSource, nowMs: number): string[] {
  const rows = source.listings(nowMs).flatMap((listing) => {
    const verdict = tradability({ ...listing, tickSize: "", qtyStep: "", minNotionalValue: null }, nowMs, {
      minListingDays: 30,
    });
    const day = source.dayStatistics(listing.symbol, nowMs);
    if (verdict.kind === "refused" || day === null || day.turnover < 5e6 * 1e4) return [];
    return [{ symbol: listing.symbol, volatility: day.high / day.low - 1 }];
  });
  return rows
    .sort((a, b) => b.volatility - a.volatility)
    .slice(0, TOP)
    .map((row) => row.symbol);
}

async function cycle(seed: number, nowMs: number, verbose: boolean): Promise<string> {
  const source = syntheticExchange({ seed });
  const market = sourceMarket(source, nowMs);
  const outcomes: { name: string; trades: number; winRate: number; pnl: number; entry: string }[] = [];
  const toMs = Math.floor(nowMs / 1000) * 1000;
  for (const symbol of topSymbols(source, nowMs)) {
    for (const timeframe of TIMEFRAMES) {
      const fromMs = toMs - DEFAULT_BACKTEST_DAYS[timeframe] * DAY_MS;
      const { input, firstIndex } = await loadHistory(market, {
        symbol,
        timeframe,
        fromMs,
        toMs,
        withBtc: true,
      });
      const result = backtest(input, { firstIndex });
      const study = makeStudy(input);
      for (const strategy of STRATEGIES) {
        const figures = result.strategies[strategy.name]?.figures;
        if (figures === undefined) continue;
        const decision = decide(strategy, study, input.candles.length - 1);
        outcomes.push({
          name: `${symbol} ${timeframe} ${strategy.name}`,
          trades: figures.totalTrades,
          winRate: figures.winRate ?? 0,
          pnl: figures.totalPnl,
          entry: decision.kind === "signal" ? `${decision.side} ${decision.confidence}` : "",
        });
      }
    }
  }
  const selected = outcomes.filter((o) => o.trades >= 20 && o.winRate >= 45 && o.pnl >= 100);
  const entries = selected.filter((o) => o.entry !== "");
  const enough = outcomes.filter((o) => o.trades >= 20);
  const losers = enough.filter((o) => o.pnl < 0);
  if (verbose) {
    for (const o of [...selected].sort((a, b) => b.pnl - a.pnl)) {
      print(
        `  ${o.name.padEnd(28)} ${o.trades} trades ${o.winRate.toFixed(1)} % $${o.pnl.toFixed(2)} ${o.entry}\n`,
      );
    }
    for (const strategy of STRATEGIES) {
      for (const timeframe of TIMEFRAMES) {
        const of = outcomes.filter((o) => o.name.endsWith(` ${timeframe} ${strategy.name}`));
        const mean = (f: (o: (typeof of)[number]) => number) =>
          of.reduce((sum, o) => sum + f(o), 0) / of.length;
        print(
          `  ${strategy.name} ${timeframe} (${timeframeMs(timeframe) / 60_000} min): trades ${mean((o) => o.trades).toFixed(1)} ` +
            `win ${mean((o) => o.winRate).toFixed(1)} % pnl ${mean((o) => o.pnl).toFixed(0)} ` +
            `passed ${of.filter((o) => selected.includes(o)).length} entries ${of.filter((o) => o.entry !== "").length}\n`,
        );
      }
    }
  }
  return (
    `${new Date(nowMs).toISOString()} results ${outcomes.length}, with 20 trades ${enough.length}, ` +
    `losers among them ${losers.length}, selected ${selected.length}, entries ${entries.length}: ` +
    entries.map((o) => `${o.name} ${o.entry}`).join("; ")
  );
}

const [
  seed = String(DEFAULT_SEED),
  from = new Date(DEFAULT_START_MS).toISOString(),
  count = "1",
  hours = "0.5",
] = commandLineArguments();
for (let i = 0; i < Number(count); i++) {
  const startedMs = monotonicMs();
  const line = await cycle(Number(seed), Date.parse(from) + i * Number(hours) * 3_600_000, count === "1");
  print(`seed ${seed} ${line} (${((monotonicMs() - startedMs) / 1000).toFixed(1)} s)\n`);
}
