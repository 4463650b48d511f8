import { backtest, type StrategyResult } from "#libs/backtest/backtest.ts";
import { type Candles, openTimeMs } from "#libs/candles/candles.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { type Comparison, closeTo } from "./comparison.ts";
import type { IndicatorColumns } from "./indicator-columns.ts";
import { OVERSOLD_INSIDE, sideAt } from "./oversold-inside.ts";

/** What is used of grademark 0.3.0 and data-forge 1.10.5. */
interface Grademark {
  backtest(strategy: object, series: object): GrademarkTrade[];
}
interface DataForge {
  DataFrame: new (rows: readonly object[]) => object;
}
interface GrademarkTrade {
  direction: "long" | "short";
  entryTime: number;
  entryPrice: number;
  exitTime: number;
  exitPrice: number;
  exitReason: "stop-loss" | "profit-target" | "finalize";
  profitPct: number;
}

// grademark knows neither costs nor a refusal to enter.
const RULES = {
  ...DEFAULT_TRADE_RULES,
  takerFeePercent: 0,
  slippagePercent: 0,
  entryTolerancePercent: Number.POSITIVE_INFINITY,
};

/**
 * One strategy with a stop and a target over the same candles, all trades compared. Made in grademark's favour: its
 * bars are built and its indicators computed before the clock starts, while the engine's time has all of it.
 * The candles must open where the one before closed: grademark measures the stop from the entry, the engine from the
 * signal's close.
 */
export function grademarkComparison(
  modules: Readonly<Record<string, unknown>>,
  candles: Candles,
  columns: IndicatorColumns,
): Comparison {
  // The shapes are those that the pinned versions document.
  const grademark = modules.grademark as Grademark;
  const dataForge = modules["data-forge"] as DataForge;
  const input: StudyInput = {
    symbol: "MADEUSDT",
    timeframe: "1m",
    candles,
    frameCandles: new Map(),
    btc: null,
    funding: null,
  };
  const bars = Array.from({ length: candles.length }, (_, i) => barAt(candles, columns, i));
  const series = new dataForge.DataFrame(bars);
  const strategy = {
    entryRule(enter: (options: object) => void, { bar }: { bar: Bar }) {
      if (bar.before === null) return;
      const side = sideAt(bar.rsi, bar.lower, bar.upper, bar, bar.before);
      if (side !== null) enter({ direction: side === "LONG" ? "long" : "short" });
    },
    // Distances, written so that entry -+ distance is the engine's price to the bit.
    stopLoss: ({ entryPrice, position }: Entry) =>
      Math.abs(entryPrice - entryPrice * (1 - signOf(position) * (RULES.stopLossPercent / 100))),
    profitTarget: ({ entryPrice, position }: Entry) =>
      Math.abs(entryPrice * (1 + signOf(position) * (RULES.takeProfitPercent / 100)) - entryPrice),
  };
  const ours = (): StrategyResult => {
    const result = backtest(input, { strategies: [OVERSOLD_INSIDE], rules: RULES });
    const own = result.strategies[OVERSOLD_INSIDE.name];
    if (own === undefined) throw new Error("the strategy has a result");
    return own;
  };
  const theirs = () => grademark.backtest(strategy, series);
  const agreed = assertSameTrades(ours(), theirs(), candles);
  return {
    work: "a strategy with stop and target: entries, exits, profit",
    agreed,
    hasTarget: true,
    ours: () => void ours(),
    theirs: () => void theirs(),
  };
}

interface Bar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly rsi: number;
  readonly lower: number;
  readonly upper: number;
  readonly before: { readonly high: number; readonly low: number } | null;
}

interface Entry {
  readonly entryPrice: number;
  readonly position: { readonly direction: "long" | "short" };
}

function signOf(position: Entry["position"]): 1 | -1 {
  return position.direction === "long" ? 1 : -1;
}

function barAt(candles: Candles, columns: IndicatorColumns, i: number): Bar {
  const of = (column: Float64Array, k = i) => column[k] ?? Number.NaN;
  return {
    time: openTimeMs(candles, i),
    open: of(candles.open),
    high: of(candles.high),
    low: of(candles.low),
    close: of(candles.close),
    volume: of(candles.volume),
    rsi: of(columns.rsi),
    lower: of(columns.lower),
    upper: of(columns.upper),
    // The engine decides from candle 60 on.
    before: i < 60 ? null : { high: of(candles.high, i - 1), low: of(candles.low, i - 1) },
  };
}

/** @throws Error naming the first trade that is not the same in both. */
function assertSameTrades(ours: StrategyResult, theirs: readonly GrademarkTrade[], candles: Candles): string {
  // A position still open is closed at the last close by grademark, and reported apart by the engine.
  const ended = theirs.filter((trade) => trade.exitReason !== "finalize");
  if (ended.length !== ours.trades.length) {
    throw new Error(`${ours.trades.length} trades, grademark has ${ended.length}`);
  }
  if (theirs.length - ended.length !== (ours.openTrade === null ? 0 : 1)) {
    throw new Error("only one of both has a position open at the end");
  }
  const notional = RULES.marginUsdt * RULES.leverage;
  for (const [k, trade] of ours.trades.entries()) {
    const other = ended[k];
    const same =
      other !== undefined &&
      other.direction === (trade.side === "LONG" ? "long" : "short") &&
      other.exitReason === (trade.exitReason === "stop_loss" ? "stop-loss" : "profit-target") &&
      other.entryTime === trade.entryMs &&
      other.exitTime === trade.exitMs &&
      closeTo(other.entryPrice, trade.fillPrice) &&
      closeTo(other.exitPrice, trade.exitPrice) &&
      closeTo((other.profitPct * notional) / 100, trade.net);
    if (!same) {
      throw new Error(`trade ${k} differs: ${JSON.stringify(trade)}, grademark: ${JSON.stringify(other)}`);
    }
  }
  return `${ended.length} trades over ${candles.length} candles are the same in both: times, sides, prices, profits`;
}
