import { endMs } from "#libs/candles/candles.ts";
import { timeframeMs } from "#libs/candles/timeframe.ts";
import { FAULTS } from "#libs/contracts/faults.ts";
import type { LedgerItem } from "#libs/contracts/ledger-item.ts";
import type { TradingSignal } from "#libs/contracts/messages.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import type { HistoryLoader } from "#libs/history/history.ts";
import type { ExchangeClock } from "#libs/market/exchange-clock.ts";
import type { InstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import type { ConsumeOptions, Delivery, Handler, Outcome } from "#libs/queue/queue.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import type { LedgerStore } from "#libs/store/ledger-store.ts";
import type { PositionsStore } from "#libs/store/positions-store.ts";
import { decide } from "#libs/strategy/decide.ts";
import { findStrategy } from "#libs/strategy/registry.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { type FailureParts, withFailurePolicy } from "#services/shared/failure-policy.ts";
import { compose, inOrderOf } from "#services/shared/middleware.ts";
import { withRetriesCounted } from "#services/shared/pulse.ts";
import type { SignalSource } from "#services/shared/signal-source.ts";
import type { FindObserver } from "./finder-pulse.ts";
import { makeLedgerItem } from "./ledger-item.ts";
import { makePosition } from "./position.ts";
import { withoutUnlistedSymbols } from "./unlisted-symbols.ts";

export interface FindParts extends FailureParts {
  readonly history: HistoryLoader;
  readonly instruments: InstrumentCatalog;
  readonly positions: PositionsStore;
  readonly ledger: Pick<LedgerStore, "record">;
  readonly source: SignalSource;
  /** Decides which candle has closed and what is stale. The exchange's clock: a machine's may be a minute off. */
  readonly clock: ExchangeClock;
  readonly rules: TradeRules;
  readonly finderCandles: number;
  readonly signalMaxAgeSeconds: number;
  readonly codeVersion: string;
  /** Hears how each search ended. */
  readonly observe?: FindObserver;
}

/**
 * Searches for an entry on the last closed candle with the backtest's decision function, records it in the ledger and
 * stores the position. A redelivered signal changes nothing; a stale one is skipped. Signals of one symbol are processed
 * in order, because the first entry of a candle holds the symbol's position.
 */
export function makeFind(parts: FindParts): Handler<TradingSignal> {
  const loggerOf = ({ message }: Delivery<TradingSignal>) =>
    parts.logger.child({ signalId: message.signalId });
  const discarded = (delivery: Delivery<TradingSignal>) => {
    logFault(loggerOf(delivery), FAULTS.symbolUnlisted, { symbol: delivery.message.symbol });
    parts.observe?.({ kind: "unlisted" });
  };
  const policies = compose<TradingSignal>(
    withRetriesCounted(() => parts.observe?.({ kind: "retry" })),
    inOrderOf(({ symbol }) => symbol),
    withFailurePolicy(parts, loggerOf),
    withoutUnlistedSymbols(parts.clock, discarded),
  );
  return policies((delivery) => find(parts, loggerOf(delivery), delivery.message));
}

async function find(parts: FindParts, logger: Logger, signal: TradingSignal): Promise<Outcome> {
  const { symbol, timeframe } = signal;
  logger.info({ symbol, timeframe, strategy: signal.strategy }, "message received");
  const strategy = findStrategy(signal.strategy);
  if (strategy === undefined) return { kind: "dead-letter", reason: `unknown strategy ${signal.strategy}` };
  await parts.clock.sync();
  // A server of the exchange may lag behind: the finder waits for the candle at the signal's time and never uses the
  // one before it.
  const nowMs = Math.max(parts.clock.nowMs(), signal.issuedAt);
  const signalAgeMs = nowMs - signal.issuedAt;
  if (TRADING_SIGNALS.messageTtlMs !== null && signalAgeMs > TRADING_SIGNALS.messageTtlMs) {
    logFault(logger, FAULTS.signalStale, { ageSeconds: Math.round(signalAgeMs / 1000) });
    parts.observe?.({ kind: "stale" });
    return { kind: "ack" };
  }
  const intervalMs = timeframeMs(timeframe);
  const toMs = Math.floor(nowMs / intervalMs) * intervalMs;
  if (nowMs - toMs > parts.signalMaxAgeSeconds * 1000) {
    const ageSeconds = Math.round((nowMs - toMs) / 1000);
    logger.info({ ageSeconds }, "no entry: last candle closed too long ago");
    parts.observe?.({ kind: "no-entry", reason: "last candle closed too long ago" });
    return { kind: "ack" };
  }

  const { input } = await parts.history.load({
    symbol,
    timeframe,
    // FINDER_CANDLES includes the warm-up, which the loader adds before the window.
    fromMs: toMs - Math.max(1, parts.finderCandles - WARM_UP_CANDLES) * intervalMs,
    toMs,
    withBtc: true,
  });
  const last = input.candles.length - 1;
  if (last < 0 || endMs(input.candles) !== toMs) {
    const moment = new Date(toMs).toISOString();
    return {
      kind: "retry",
      reason: `the ${timeframe} candle of ${symbol} that closed at ${moment} is not available yet`,
    };
  }
  logger.info({ candles: input.candles.length }, "[1/4] candles loaded");
  const study = makeStudy(input);
  logger.info({ frames: study.at(last).frameCount() }, "[2/4] Fibonacci frames");

  const decision = decide(strategy, study, last);
  if (decision.kind === "none") {
    logger.info({ reason: decision.reason }, "[3/4] no entry");
    parts.observe?.({ kind: "no-entry", reason: decision.reason });
    return { kind: "ack" };
  }
  const instrument = await parts.instruments.find(symbol);
  const position = makePosition({
    signal,
    decision,
    study,
    strategy,
    rules: parts.rules,
    tickSize: instrument.tickSize,
    maxAgeSeconds: parts.signalMaxAgeSeconds,
    codeVersion: parts.codeVersion,
    nowMs,
  });
  if (position === null) {
    const reason = "the tick is too coarse: no room between entry, stop and target";
    logger.info(
      { reason, tickSize: instrument.tickSize, close: input.candles.close[last] },
      "[3/4] no entry",
    );
    parts.observe?.({ kind: "no-entry", reason });
    return { kind: "ack" };
  }
  const { positionType, entryPrice, stopLoss, takeProfit, confidence } = position;
  logger.info({ positionType, entryPrice, stopLoss, takeProfit, confidence }, "[3/4] entry found");
  logger.info(
    {
      reasons: position.reasons,
      patterns: position.candlestickPatterns,
      fundingSentiment: position.fundingSentiment,
      btcTrend: position.btcTrend,
    },
    "[4/4] details collected",
  );
  await store(
    parts,
    logger,
    makeLedgerItem({ ...parts, signal, position, study, tickSize: instrument.tickSize }),
  );
  return { kind: "ack" };
}

/**
 * Ledger first, position second. The ledger's key decides between strategies that find an entry of one symbol at the
 * same moment, so that each stored position has one ledger item. A finder that dies between both writes leaves a
 * signal without a position; a redelivery stores the position that the ledger holds.
 */
async function store(parts: FindParts, logger: Logger, item: LedgerItem): Promise<void> {
  const { symbol, positionType, entryPrice, stopLoss, takeProfit, confidence } = item.position;
  const fields = { symbol, positionType, entryPrice, stopLoss, takeProfit, confidence };
  const recorded = await parts.ledger.record(item);
  if (recorded.kind === "expired" || recorded.kind === "taken") {
    parts.observe?.({ kind: "entry", stored: recorded.kind });
    if (recorded.kind === "taken") return warnTaken(logger, fields, recorded.by);
    return logFault(logger, FAULTS.positionStale, fields);
  }
  const position = recorded.kind === "repeated" ? recorded.position : item.position;
  const stored = await parts.positions.put(position);
  parts.observe?.({ kind: "entry", stored: stored.kind });
  switch (stored.kind) {
    case "stored":
      return logger.info(fields, "position stored");
    case "repeated":
      return logger.info(fields, "position already stored");
    case "taken":
      // Only a version of this service without a ledger stores a position without holding its signal.
      return warnTaken(logger, fields, stored.by);
    case "expired":
      return logFault(logger, FAULTS.positionStale, fields);
  }
}

function warnTaken(logger: Logger, fields: object, by: string): void {
  logger.warn({ ...fields, by }, "symbol already has a position for this candle");
}

/** A dead-lettered signal is only logged: it expires within a minute, and the selector sends the next one. */
export function makeOnDeadSignal(
  logger: Logger,
  observe?: FindObserver,
): NonNullable<ConsumeOptions["onDeadLetter"]> {
  return async ({ messageId, reason }) => {
    logger.error({ signalId: messageId, reason }, "signal dead-lettered");
    observe?.({ kind: "dead-letter" });
  };
}
