import { endMs, type FundingRates } from "#libs/candles/candles.ts";
import { HOUR_MS, MINUTE_MS, timeframeMs } from "#libs/candles/timeframe.ts";
import { FAULTS } from "#libs/contracts/faults.ts";
import { type LedgerItem, type LedgerOutcome, UNSETTLED_STATES } from "#libs/contracts/ledger-item.ts";
import { type Progress, settle } from "#libs/execution/settle.ts";
import type { ExchangeClock } from "#libs/market/exchange-clock.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import type { LedgerStore } from "#libs/store/ledger-store.ts";
import type { SignalSource } from "#services/shared/signal-source.ts";
import { usd } from "#services/shared/usd.ts";
import { type Fetched, type FollowedSymbol, followSymbol } from "./follow-symbol.ts";
import { followedSignal, outcomeOf, unknownOutcome } from "./outcome.ts";

export interface SettleParts {
  readonly ledger: LedgerStore;
  readonly market: MarketData;
  /** The exchange's clock: it decides which candle has closed. */
  readonly clock: ExchangeClock;
  readonly source: SignalSource;
  readonly logger: Logger;
  readonly onSettled?: (item: LedgerItem, outcome: LedgerOutcome) => void;
}

export interface SettleSummary {
  /** Signals that are still followed. */
  readonly open: number;
  /** Outcomes that this run has stored. */
  readonly settled: number;
  /** Symbols that could not be looked at. */
  readonly failed: number;
}

/** The exchange lists a settlement a little after its hour; the backtest waits as long. */
const FUNDING_DELAY_MS = 5 * MINUTE_MS;
/** Candles that are still missing so long after they should have been there are given up. */
const MISSING_GIVEN_UP_MS = HOUR_MS;
const SYMBOLS_AT_ONCE = 4;

/**
 * Follows the open signals of the ledger to their end. One run looks at all of them: one page of candles a symbol at
 * most, and none when no candle has closed that could change anything. What a run stores depends on candles alone, so
 * a run that is repeated, interrupted or made by two executors at once stores the same.
 */
export function makeSettleSignals(parts: SettleParts): () => Promise<SettleSummary> {
  const { ledger, clock, market, source, logger } = parts;
  const followed = new Map<string, FollowedSymbol>();

  async function settleSymbol(symbol: string, items: readonly LedgerItem[], nowMs: number): Promise<number> {
    const follower = followed.get(symbol) ?? followSymbol(market, symbol);
    followed.set(symbol, follower);
    // The last minute of the oldest signal's candle is the first that is needed.
    follower.startAt(Math.min(...items.map((item) => item.signalTimestamp * 1_000)) - MINUTE_MS);
    const closedMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    const fetched = isDue(items, endMs(follower.minutes), closedMs)
      ? await fetchFrom(follower, closedMs)
      : null;
    let settled = 0;
    for (const item of items) {
      const outcome = await outcomeNow(item, follower, fetched, nowMs);
      if (outcome === null || outcome.state === item.outcome.state) continue;
      if (!(await ledger.settle(item, outcome))) continue;
      if (UNSETTLED_STATES.includes(outcome.state)) continue;
      settled += 1;
      logOutcome(logger, item, outcome);
      parts.onSettled?.(item, outcome);
    }
    return settled;
  }

  async function fetchFrom(follower: FollowedSymbol, closedMs: number): Promise<Fetched | "delisted"> {
    try {
      return await follower.fetchUntil(closedMs);
    } catch (error) {
      if (error instanceof MarketError && error.kind === "unknown-symbol") return "delisted";
      throw error;
    }
  }

  async function outcomeNow(
    item: LedgerItem,
    { minutes }: FollowedSymbol,
    fetched: Fetched | "delisted" | null,
    nowMs: number,
  ): Promise<LedgerOutcome | null> {
    const signal = followedSignal(item);
    // Its own minute, whose close the entry is measured by, is the first that must be there.
    let progress: Progress = minutes.length === 0 ? { kind: "waiting" } : settle(signal, minutes);
    if (progress.kind === "needs-funding" && fetched !== "delisted") {
      const funding = await fundingRates(item.symbol, progress.fromMs, progress.toMs, nowMs);
      if (funding !== null) progress = settle(signal, minutes, funding);
    }
    const outcome = outcomeOf(progress, nowMs);
    if (outcome !== null && outcome.state !== "open") return outcome;
    if (fetched === "delisted") {
      return unknownOutcome(item.outcome, `the exchange no longer lists ${item.symbol}`, nowMs);
    }
    if (
      fetched?.kind === "missing" &&
      progress.kind !== "needs-funding" &&
      nowMs - fetched.missingMs > MISSING_GIVEN_UP_MS &&
      fetched.missingMs > signal.signalMs - MINUTE_MS
    ) {
      return unknownOutcome(item.outcome, `candles are missing: ${fetched.reason}`, nowMs);
    }
    return outcome;
  }

  /** Null while the exchange may not list the last one yet. */
  async function fundingRates(
    symbol: string,
    fromMs: number,
    toMs: number,
    nowMs: number,
  ): Promise<FundingRates | null> {
    const lastMs = Math.floor(toMs / HOUR_MS) * HOUR_MS;
    return nowMs < lastMs + FUNDING_DELAY_MS ? null : market.fundingRates({ symbol, fromMs, toMs });
  }

  return async () => {
    await clock.sync();
    const nowMs = clock.nowMs();
    const open = (await ledger.open()).filter((item) => item.market === source.market);
    const bySymbol = new Map<string, LedgerItem[]>();
    for (const item of open) bySymbol.set(item.symbol, [...(bySymbol.get(item.symbol) ?? []), item]);
    for (const symbol of [...followed.keys()]) if (!bySymbol.has(symbol)) followed.delete(symbol);

    let settled = 0;
    let failed = 0;
    const queue = [...bySymbol];
    async function worker(): Promise<void> {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [symbol, items] = next;
        try {
          settled += await settleSymbol(symbol, items, nowMs);
        } catch (error) {
          if (!(error instanceof MarketError)) throw error;
          failed += 1;
          logFault(logger, FAULTS.signalsNotFollowed, { symbol, reason: error.message });
        }
      }
    }
    // The run ends when all workers have ended: the next run shares their series.
    const workers = await Promise.allSettled(Array.from({ length: SYMBOLS_AT_ONCE }, worker));
    const broken = workers.find((one) => one.status === "rejected");
    if (broken !== undefined) throw broken.reason;
    const summary = { open: open.length - settled, settled, failed };
    logger.info(summary, "open signals followed");
    return summary;
  };
}

/** Whether a candle has closed since that could change what is known of a signal. */
function isDue(items: readonly LedgerItem[], knownMs: number, closedMs: number): boolean {
  return items.some(({ position, outcome }) => {
    const intervalMs = timeframeMs(position.timeframe);
    const nextCloseMs = (Math.floor(knownMs / intervalMs) + 1) * intervalMs;
    const lifeEndMs = Math.ceil((position.ttl * 1_000) / MINUTE_MS) * MINUTE_MS;
    // Of a signal that waits nothing is stored before its life is over.
    const dueMs = outcome.state === "waiting" && knownMs < lifeEndMs ? lifeEndMs : nextCloseMs;
    return closedMs >= dueMs;
  });
}

function logOutcome(logger: Logger, { position }: LedgerItem, outcome: LedgerOutcome): void {
  const { symbol, strategy, timeframe, positionType, signalTimestamp } = position;
  const { state, reason, netPnl, holdingMinutes } = outcome;
  logger.info(
    {
      symbol,
      strategy: `${timeframe} ${strategy}`,
      positionType,
      signalTimestamp,
      outcome: state,
      ...(netPnl === null ? {} : { net: usd(netPnl), holdingMinutes }),
      ...(reason === null ? {} : { reason }),
    },
    "signal settled",
  );
}
