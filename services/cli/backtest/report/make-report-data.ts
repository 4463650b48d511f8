import type { BacktestResult, StrategyResult } from "#libs/backtest/backtest.ts";
import type { OpenWorth } from "#libs/backtest/engine/open-worth.ts";
import type { OpenTrade, Trade } from "#libs/backtest/engine/trade.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import type {
  ReportData,
  ReportedExit,
  ReportedStrategy,
  ReportedSwing,
  ReportedTrade,
} from "#libs/chart/report-data.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { FrameSwings } from "#libs/strategy/frame-swings.ts";
import { findStrategy } from "#libs/strategy/registry.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import type { Significance } from "../backtest-outcome.ts";
import { EMBEDDING_LIMITS, type EmbeddingLimits, embeddedSeries } from "./embedded-series.ts";

/** A backtest to be shown to people. */
export interface ReportInput {
  /** What the backtest was made from. */
  readonly study: StudyInput;
  readonly result: BacktestResult;
  readonly rules: TradeRules;
  /** Where the candles and the rest come from, as sentences for people. */
  readonly sources: readonly string[];
  /** By strategy name: why it cannot trade on this data, or null. */
  readonly cannotTrade?: Readonly<Record<string, string | null>>;
  readonly writtenAtMs: number;
  /** How much of the result may be chance, when that was computed. */
  readonly significance?: Significance;
  readonly limits?: EmbeddingLimits;
}

/** All the page shows; the zones of each trade are those of the moment its signal candle closed. */
export function makeReportData(input: ReportInput): ReportData {
  const { study, result, limits = EMBEDDING_LIMITS } = input;
  const { candles } = study;
  const strategies = Object.entries(result.strategies).map(([name, strategy]) =>
    reportedStrategy(name, strategy, input),
  );
  const spans = strategies.flatMap(({ trades }) =>
    trades.map(({ signalMs, exit }) => ({ signalMs, exitMs: exit === null ? null : exit.timeMs })),
  );
  // Those before the window only warmed the indicators up.
  const window = sliceCandles(candles, candles.length - result.candles);
  return {
    symbol: study.symbol,
    timeframe: study.timeframe,
    candles: result.candles,
    fromMs: result.fromMs,
    toMs: result.toMs,
    bestStrategy: result.bestStrategy,
    writtenAtMs: input.writtenAtMs,
    rules: input.rules,
    zoneRule: ADVANCED.defaults.zones,
    sources: input.sources,
    hold: input.significance?.hold ?? null,
    isFundingKnown: study.funding !== null,
    series: embeddedSeries(window, spans, limits),
    strategies,
  };
}

function reportedStrategy(
  name: string,
  result: StrategyResult,
  { study, significance, cannotTrade }: ReportInput,
): ReportedStrategy {
  const frames = new FrameSwings(study);
  const swingsAt = ({ signalMs }: OpenTrade): readonly ReportedSwing[] => {
    // A signal is given when its candle closes, so the candle before this moment is the one decided about.
    const signalCandle = (signalMs - study.candles.startMs) / study.candles.intervalMs - 1;
    return frames.at(signalCandle).map(({ frame, low, high, up }) => [frame.name, low, high, up ? 1 : 0]);
  };
  const trades = result.trades.map((trade) => reportedTrade(trade, exitOf(trade), null, swingsAt(trade)));
  const { openTrade, openWorth } = result;
  if (openTrade !== null) trades.push(reportedTrade(openTrade, null, openWorth, swingsAt(openTrade)));
  return {
    name,
    description: findStrategy(name)?.description ?? "",
    figures: result.figures,
    ambiguity: result.ambiguity,
    statistics: significance?.statistics[name] ?? null,
    cannotTrade: cannotTrade?.[name] ?? null,
    trades,
  };
}

function reportedTrade(
  trade: OpenTrade,
  exit: ReportedExit | null,
  worth: OpenWorth | null,
  swings: readonly ReportedSwing[],
): ReportedTrade {
  return {
    signalMs: trade.signalMs,
    entryMs: trade.entryMs,
    side: trade.side,
    confidence: trade.confidence,
    reasons: trade.reasons,
    entryPrice: trade.entryPrice,
    stopLoss: trade.stopLoss,
    takeProfit: trade.takeProfit,
    fillPrice: trade.fillPrice,
    liquidationPrice: trade.liquidationPrice,
    exit,
    worth: worth === null ? null : { timeMs: worth.closedMs, price: worth.price, net: worth.net },
    swings,
  };
}

function exitOf(trade: Trade): ReportedExit {
  return {
    timeMs: trade.exitMs,
    price: trade.exitPrice,
    reason: trade.exitReason,
    gross: trade.gross,
    fees: trade.fees,
    funding: trade.funding,
    net: trade.net,
  };
}
