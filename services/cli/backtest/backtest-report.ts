import type { BacktestResult, StrategyResult } from "#libs/backtest/backtest.ts";
import type { Coverage } from "#libs/backtest/coverage.ts";
import type { Ambiguity } from "#libs/backtest/engine/review-exits.ts";
import type { Trade } from "#libs/backtest/engine/trade.ts";
import type { Figures } from "#libs/backtest/figures.ts";
import type { BuyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import type { Statistics } from "#libs/backtest/statistics/statistics.ts";
import { exitReason, price } from "#libs/chart/format.ts";
import { coverageLines } from "../shared/coverage-text.ts";
import { rulesLines } from "../shared/rules-text.ts";
import { wrapped } from "../shared/wrap.ts";
import type { BacktestOutcome } from "./backtest-outcome.ts";

const LAST_TRADES = 5;
const UNDEFINED = "-";

type FigureRows = readonly (readonly [string, (figures: Figures) => string])[];

const RESULT_ROWS: FigureRows = [
  ["Trades", (f) => `${f.totalTrades}`],
  ["Wins / losses", (f) => `${f.wins} / ${f.losses}`],
  ["Win rate", (f) => fixed(f.winRate, 1, " %")],
  ["PnL", (f) => money(f.totalPnl)],
  ["Average trade", (f) => money(f.totalTrades === 0 ? null : f.totalPnl / f.totalTrades)],
  ["Average win", (f) => money(f.avgWin)],
  ["Average loss", (f) => money(f.avgLoss)],
  ["Profit factor", (f) => fixed(f.profitFactor, 2)],
  ["Max drawdown", (f) => money(f.maxDrawdown)],
];

const COST_ROWS: FigureRows = [["Fees", (f) => money(f.fees)]];

const OTHER_ROWS: FigureRows = [
  ["Holding", (f) => duration(f.holdingMinutesAvg)],
  ["Confidence", (f) => fixed(f.confidenceAvg, 1)],
  ["Skipped entries", (f) => `${f.skippedEntries}`],
];

const STATISTICS_ROWS: readonly (readonly [string, (statistics: Statistics) => string])[] = [
  ["Win rate (95 % CI)", (s) => interval(s)],
  ["Mean trade, p-value", (s) => fixed(s.meanTradePValue, 3)],
  ["Sharpe per trade", (s) => fixed(s.sharpe, 3)],
  ["Sharpe above 0 (PSR)", (s) => share(s.probabilisticSharpe)],
  ["Deflated Sharpe (DSR)", (s) => share(s.deflatedSharpe)],
  ["Configurations tried", (s) => `${s.trials}`],
];

const AMBIGUITY_ROWS: readonly (readonly [string, (ambiguity: Ambiguity) => string])[] = [
  ["Stop and target at once", (a) => (a.decided === 0 ? `${a.trades}` : `${a.trades}, ${a.decided} decided`)],
  ["PnL if target first", (a) => (a.trades === a.decided ? UNDEFINED : money(a.optimisticPnl))],
];

/** A result as a trader reads it: window, rules and coverage, one column per strategy, and the last trades of each. */
export function backtestReport(outcome: BacktestOutcome): string {
  const { result, significance, data } = outcome;
  const entries = Object.entries(result.strategies);
  const gap = ["", ...entries.map(() => "")];
  const figures = (rows: FigureRows): string[][] =>
    rows.map(([label, show]) => [label, ...entries.map(([, strategy]) => show(strategy.figures))]);
  const summary = table([
    ["", ...entries.map(([name]) => name)],
    ...figures(RESULT_ROWS),
    gap,
    ...figures(COST_ROWS),
    ["Funding", ...entries.map(([, strategy]) => funding(strategy.figures, data.coverage))],
    ...figures(OTHER_ROWS),
    gap,
    ...STATISTICS_ROWS.map(([label, show]) => [
      label,
      ...entries.map(([name]) => {
        const statistics = significance.statistics[name];
        return statistics === undefined ? UNDEFINED : show(statistics);
      }),
    ]),
    gap,
    ...AMBIGUITY_ROWS.map(([label, show]) => [label, ...entries.map(([, { ambiguity }]) => show(ambiguity))]),
  ]);
  return [
    `${outcome.symbol} ${outcome.timeframe}: ${result.candles} candles, ${moment(result.fromMs)} to ${moment(result.toMs)} UTC`,
    ...[
      ...rulesLines(outcome.rules, outcome.tick),
      ...coverageLines(data.coverage, outcome.symbol),
      ...Object.entries(outcome.cannotTrade).flatMap(([name, reason]) =>
        reason === null ? [] : [`${name} cannot trade: ${reason}`],
      ),
    ].flatMap((line) => wrapped(line)),
    `Best strategy: ${bestLine(result)}`,
    `Buy and hold: ${held(significance.hold)}`,
    "",
    summary,
    ...segmentTable(outcome.segments),
    ...entries.flatMap(([name, strategy]) => lastTrades(name, strategy)),
    "",
  ].join("\n");
}

/** A cost that is not known, or known for a part of the window only, is not a figure like the others. */
function funding({ funding: sum }: Figures, { funding: covered }: Coverage): string {
  if (covered === null) return "unknown";
  return covered.share > 0.9995 ? money(sum) : `${money(sum)} (partial)`;
}

/** The parts between gaps: their trades, and what the position open at the end of each would give. */
function segmentTable(segments: readonly BacktestResult[]): string[] {
  if (segments.length === 1) return [];
  const names = Object.keys(segments[0]?.strategies ?? {});
  const head = ["part", "candles", ...names.flatMap((name) => [name, "open"])];
  const lines = segments.map(({ fromMs, candles, strategies }) => [
    moment(fromMs),
    `${candles}`,
    ...names.flatMap((name) => {
      const strategy = strategies[name];
      return [money(strategy?.figures.totalPnl ?? null), money(strategy?.openWorth?.net ?? null)];
    }),
  ]);
  return [
    "",
    `${segments.length} parts between gaps, each traded on its own; open positions are in no figure`,
    table([head, ...lines]),
  ];
}

function bestLine({ bestStrategy, strategies }: BacktestResult): string {
  const figures = strategies[bestStrategy]?.figures;
  if (figures === undefined) return "none, no strategy has traded";
  const trades = figures.totalTrades === 1 ? "1 trade" : `${figures.totalTrades} trades`;
  return `${bestStrategy}, ${money(figures.totalPnl)} in ${trades}`;
}

function lastTrades(name: string, { trades, openTrade, openWorth }: StrategyResult): string[] {
  const lines: string[] = [];
  if (trades.length > 0) {
    const shown = trades.slice(-LAST_TRADES);
    lines.push("", shown.length < trades.length ? `${name}, last ${shown.length} trades` : `${name}, trades`);
    const decimals = Math.max(
      ...shown.flatMap((trade) => [trade.fillPrice, trade.exitPrice].map(decimalsOf)),
    );
    lines.push(
      table([
        ["entry", "side", "fill", "exit", "at", "reason", "PnL"],
        ...shown.map((trade) => tradeRow(trade, decimals)),
      ]),
    );
  }
  if (openTrade !== null) {
    const { entryMs, side, fillPrice, stopLoss, takeProfit } = openTrade;
    const prices = [fillPrice, stopLoss, takeProfit];
    const decimals = Math.max(...prices.map(decimalsOf));
    lines.push("", `${name}, still open (in no figure), marked to the last close`);
    lines.push(
      table([
        ["entry", "side", "fill", "stop", "target", "PnL if left"],
        [
          moment(entryMs),
          side,
          ...prices.map((value) => value.toFixed(decimals)),
          money(openWorth?.net ?? null),
        ],
      ]),
    );
  }
  return lines;
}

/** @param decimals of all prices of the table, so that their points are below each other. */
function tradeRow(trade: Trade, decimals: number): string[] {
  return [
    moment(trade.entryMs),
    trade.side,
    trade.fillPrice.toFixed(decimals),
    // Without the year, for 80 columns.
    moment(trade.exitMs).slice(5),
    trade.exitPrice.toFixed(decimals),
    exitReason(trade.exitReason),
    money(trade.net),
  ];
}

/** The first column is left-aligned, the others right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column === 0 ? cell.padEnd(width) : cell.padStart(width);
  };
  return rows.map((row) => `  ${row.map(pad).join("  ")}`.trimEnd()).join("\n");
}

function fixed(value: number | null, digits: number, unit = ""): string {
  return value === null ? UNDEFINED : `${value.toFixed(digits)}${unit}`;
}

function interval({ winRateInterval }: Statistics): string {
  if (winRateInterval === null) return UNDEFINED;
  return `${winRateInterval.low.toFixed(1)} to ${winRateInterval.high.toFixed(1)} %`;
}

function share(probability: number | null): string {
  return probability === null ? UNDEFINED : `${(probability * 100).toFixed(1)} %`;
}

function held(hold: BuyAndHold | null): string {
  return hold === null ? UNDEFINED : `${money(hold.usdt)} (${hold.percent.toFixed(2)} %)`;
}

function money(value: number | null): string {
  if (value === null) return UNDEFINED;
  return `${value <= -0.005 ? "-" : ""}$${Math.abs(value).toFixed(2)}`;
}

/** Decimals with which a price is shown: those it has, at most eight unless five digits need more. */
function decimalsOf(value: number): number {
  const decimals = price(value).split(".")[1]?.length ?? 0;
  return Math.min(decimals, Math.max(8, 4 - Math.floor(Math.log10(value))));
}

function moment(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
}

function duration(minutes: number | null): string {
  if (minutes === null) return UNDEFINED;
  const whole = Math.round(minutes);
  const hours = Math.floor(whole / 60);
  return hours === 0 ? `${whole} min` : `${hours} h ${whole % 60} min`;
}
