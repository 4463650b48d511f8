import { type BacktestResult, backtest } from "#libs/backtest/backtest.ts";
import { returnsCorrelation } from "#libs/backtest/returns-correlation.ts";
import { buyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import { type Candles, endMs, openTimeMs } from "#libs/candles/candles.ts";
import { DAY_MS, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import { FAULTS } from "#libs/contracts/faults.ts";
import { type BacktestTask, backtestTaskSchema } from "#libs/contracts/messages.ts";
import type { ResultsItem, TimeframeResult } from "#libs/contracts/results-item.ts";
import type { History, HistoryLoader } from "#libs/history/history.ts";
import type { InstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { MarketError } from "#libs/market/market-error.ts";
import type { ConsumeOptions, Handler } from "#libs/queue/queue.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { faultFields } from "#libs/runtime/fault-log.ts";
import type {
  RecordOutcome,
  ResultIdentity,
  ResultsStore,
  TimeframeOutcome,
} from "#libs/store/results-store.ts";
import type { ScanStore, TaskEnd } from "#libs/store/scan-store.ts";
import { coinTrendAt } from "#libs/strategy/describe-moment.ts";
import { tickShareOfStop } from "#libs/trading/tick-share.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { type FailureParts, withFailurePolicy } from "#services/shared/failure-policy.ts";
import { compose } from "#services/shared/middleware.ts";
import { withRetriesCounted } from "#services/shared/pulse.ts";
import type { AnalyzeObserver } from "./analyzer-pulse.ts";
import { storedFigures } from "./stored-figures.ts";

export interface AnalyzeParts extends FailureParts {
  readonly history: HistoryLoader;
  /** Order prices are rounded to the instrument's tick, as the finder rounds them. */
  readonly instruments: InstrumentCatalog;
  readonly results: ResultsStore;
  readonly scans: ScanStore;
  readonly analyzerId: string;
  readonly rules: TradeRules;
  /** The timeframes of a scan: when all have ended without a trade, the coin is inactive. */
  readonly timeframes: readonly Timeframe[];
  readonly backtestDays: Readonly<Record<Timeframe, number>>;
  /** The maximum number of coins of a scan: used where the scan itself is unknown. */
  readonly topNCoins: number;
  /** Hears how each task ended. */
  readonly observe?: AnalyzeObserver;
}

/**
 * Backtests one symbol and timeframe over a window that ends at the scan's timestamp, and stores the figures.
 * A repeated delivery computes the same figures and changes nothing.
 */
export function makeAnalyze(parts: AnalyzeParts): Handler<BacktestTask> {
  const policies = compose<BacktestTask>(
    withRetriesCounted(() => parts.observe?.("retry")),
    withFailurePolicy(parts),
  );
  return policies(async ({ message: task, attempt }) => {
    parts.logger.debug({ taskId: task.taskId, attempt }, "task received");
    await analyze(parts, task);
    return { kind: "ack" };
  });
}

async function analyze(parts: AnalyzeParts, task: BacktestTask): Promise<void> {
  const outcome = await analyzeTask(parts, task, monotonicMs());
  const recorded = await parts.results.record(identityOf(task), outcome, parts.timeframes, parts.analyzerId);
  const end = endOf(recorded, outcome.result.status);
  await parts.scans.recordTaskEnd(task.scanId, task.symbol, task.timeframe, end);
  parts.observe?.(end === "failed" ? "failed" : "done");
  if (recorded.kind === "expired") {
    parts.logger.warn({ taskId: task.taskId }, "scan has expired: result not stored");
  } else {
    logResult(parts, task, outcome.result, recorded.kind);
  }
}

/** Marks the timeframe of a dead-lettered task as failed with the reason, so that the scan can finish. */
export function makeOnDeadTask(parts: AnalyzeParts): NonNullable<ConsumeOptions["onDeadLetter"]> {
  return async ({ message, messageId, reason }) => {
    const task = backtestTaskSchema.safeParse(message);
    parts.logger.error({ taskId: messageId, reason }, "task dead-lettered");
    parts.observe?.("dead-letter");
    if (!task.success) return;
    const outcome = failed(task.data, parts, reason, 0);
    const recorded = await parts.results.record(
      identityOf(task.data),
      outcome,
      parts.timeframes,
      parts.analyzerId,
    );
    const end = endOf(recorded, "failed");
    await parts.scans.recordTaskEnd(task.data.scanId, task.data.symbol, task.data.timeframe, end);
  };
}

/**
 * The status under which the scan counts a task: the one stored in the item. A worker may have stored the result and
 * died before it counted it; a redelivery may compute another one (a gap in the candles, for example). An expired
 * result is useless, but its scan must not wait for it.
 */
function endOf(recorded: RecordOutcome, own: TaskEnd): TaskEnd {
  if (recorded.kind === "expired") return "failed";
  return recorded.kind === "repeated" ? recorded.status : own;
}

function identityOf(task: BacktestTask): ResultIdentity {
  const { symbol, scanTimestamp, scanId, volatility24h, turnover24h, price, priceChange24h } = task;
  return { symbol, scanTimestamp, scanId, volatility24h, turnover24h, price, priceChange24h };
}

/** The window of a task: whole candles that end at or before the scan's timestamp. Milliseconds. */
function windowOf(task: BacktestTask, parts: AnalyzeParts) {
  const toMs = task.scanTimestamp * 1000;
  return { fromMs: toMs - parts.backtestDays[task.timeframe] * DAY_MS, toMs };
}

async function analyzeTask(
  parts: AnalyzeParts,
  task: BacktestTask,
  startedMs: number,
): Promise<TimeframeOutcome> {
  const { symbol, timeframe } = task;
  let history: History;
  try {
    history = await parts.history.load({ symbol, timeframe, ...windowOf(task, parts), withBtc: true });
  } catch (error) {
    if (!(error instanceof MarketError) || error.kind !== "incomplete") throw error;
    return failed(task, parts, error.message, monotonicMs() - startedMs);
  }
  const { input, firstIndex } = history;
  assertReachesScan(task, input.candles);
  if (input.candles.length <= firstIndex) {
    return failed(
      task,
      parts,
      `${symbol} has no ${timeframe} candles in the backtest window`,
      monotonicMs() - startedMs,
    );
  }
  const { tickSize } = await parts.instruments.find(symbol);
  const result = backtest(input, { rules: parts.rules, firstIndex, tickSize });
  const trials = (await tasksOfScan(parts, task.scanId)) * Object.keys(result.strategies).length;
  return {
    timeframe,
    result: timeframeResult(parts, history, result, trials, {
      candles: input.candles.length - firstIndex,
      from: openTimeMs(input.candles, firstIndex),
      to: openTimeMs(input.candles, input.candles.length),
      analysisTime: monotonicMs() - startedMs,
      tickSize,
      tickShareOfStop: tickShareAtEnd(tickSize, input.candles, parts.rules),
    }),
    btcCorrelation: input.btc === null ? null : rounded(returnsCorrelation(input.candles, input.btc), 4),
    trendAnalysis: trendAnalysis(input),
  };
}

/**
 * The exchange has many servers, and the one that answers may lag behind the one that set the scan's time. A window
 * that ends early would store figures that a redelivery does not reproduce.
 */
function assertReachesScan({ symbol, timeframe, scanTimestamp }: BacktestTask, candles: Candles): void {
  const intervalMs = timeframeMs(timeframe);
  const toMs = Math.floor((scanTimestamp * 1000) / intervalMs) * intervalMs;
  if (candles.length === 0 || endMs(candles) >= toMs) return;
  throw new MarketError(
    "retryable",
    `${symbol}: the exchange serves ${timeframe} candles up to ${new Date(endMs(candles)).toISOString()}, ` +
      `but the backtest window ends at ${new Date(toMs).toISOString()}`,
  );
}

/**
 * The number of symbols times timeframes that the scan compares. The scan stores it before it publishes the first
 * task, so a redelivery uses the same number.
 */
async function tasksOfScan(parts: AnalyzeParts, scanId: string): Promise<number> {
  const scan = await parts.scans.get(scanId);
  return scan === null || scan.totalTasks === 0 ? parts.topNCoins * parts.timeframes.length : scan.totalTasks;
}

/** At the price that would be traded next. */
function tickShareAtEnd(tickSize: string, { close }: Candles, rules: TradeRules): number {
  return Number(tickShareOfStop(tickSize, close.at(-1) ?? Number.NaN, rules).toPrecision(6));
}

function trendAnalysis(input: History["input"]): NonNullable<ResultsItem["trendAnalysis"]> | null {
  const trend = coinTrendAt(input, input.candles.length - 1);
  if (trend === null) return null;
  return { trend: trend.direction, strength: trend.strength, change: trend.changePercent };
}

function timeframeResult(
  parts: AnalyzeParts,
  { input, firstIndex }: History,
  result: BacktestResult,
  trials: number,
  window: Pick<TimeframeResult, "candles" | "from" | "to" | "analysisTime" | "tickSize" | "tickShareOfStop">,
): TimeframeResult {
  const best = result.strategies[result.bestStrategy]?.figures;
  const tried = Object.entries(result.strategies);
  const hold = buyAndHold(input.candles, input.funding, parts.rules, firstIndex);
  const strategies = Object.fromEntries(
    tried.map(([name, strategy]) => [name, storedFigures(strategy, hold, trials)]),
  );
  return {
    totalTrades: best?.totalTrades ?? 0,
    winRate: best?.winRate ?? null,
    totalPnl: best?.totalPnl ?? 0,
    avgWin: best?.avgWin ?? null,
    avgLoss: best?.avgLoss ?? null,
    profitFactor: best?.profitFactor ?? null,
    maxDrawdown: best?.maxDrawdown ?? 0,
    confidenceAvg: best?.confidenceAvg ?? null,
    bestStrategy: result.bestStrategy,
    strategies,
    ...window,
    analysisTime: Math.round(window.analysisTime),
    status: best === undefined ? "no_trades" : "completed",
  };
}

function failed(
  task: BacktestTask,
  parts: AnalyzeParts,
  error: string,
  analysisTime: number,
): TimeframeOutcome {
  const { fromMs, toMs } = windowOf(task, parts);
  return {
    timeframe: task.timeframe,
    result: {
      totalTrades: 0,
      winRate: null,
      totalPnl: 0,
      avgWin: null,
      avgLoss: null,
      profitFactor: null,
      maxDrawdown: 0,
      confidenceAvg: null,
      bestStrategy: "NONE",
      strategies: {},
      candles: 0,
      from: fromMs,
      to: toMs,
      analysisTime: Math.round(analysisTime),
      status: "failed",
      error,
    },
    btcCorrelation: null,
    trendAnalysis: null,
  };
}

function logResult(
  parts: AnalyzeParts,
  task: BacktestTask,
  result: TimeframeResult,
  recorded: "recorded" | "repeated",
): void {
  const figures = {
    symbol: task.symbol,
    timeframe: task.timeframe,
    candles: result.candles,
    best: result.bestStrategy,
    trades: result.totalTrades,
    winRate: rounded(result.winRate, 1),
    totalPnl: rounded(result.totalPnl, 2),
    milliseconds: result.analysisTime,
  };
  if (recorded === "repeated") parts.logger.info(figures, "backtest already stored");
  else if (result.status === "failed")
    parts.logger.error(
      { ...figures, error: result.error, ...faultFields(FAULTS.backtestFailed) },
      FAULTS.backtestFailed.message,
    );
  else parts.logger.info(figures, "backtest stored");
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
