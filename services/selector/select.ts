import { type TradingSignal, tradingSignalId } from "#libs/contracts/messages.ts";
import { SCHEMA_VERSION } from "#libs/contracts/names.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import type { ResultsItem, StrategyStatistics } from "#libs/contracts/results-item.ts";
import type { MessageQueue } from "#libs/queue/queue.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { pause } from "#libs/runtime/pause.ts";
import type { ResultsStore } from "#libs/store/results-store.ts";
import type { LeaseStore } from "#libs/store/scan-store.ts";
import { usd } from "#services/shared/usd.ts";
import { type Choice, candidatesOf, choose, type RefusalKind, type SelectionThresholds } from "./choose.ts";

export interface SelectParts {
  readonly results: ResultsStore;
  readonly leases: LeaseStore;
  readonly queue: MessageQueue;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly selectorId: string;
  readonly thresholds: SelectionThresholds;
}

export type SelectSummary =
  | {
      readonly kind: "selected";
      readonly coins: number;
      readonly taken: readonly TradingSignal[];
      readonly refused: Readonly<Record<RefusalKind, number>>;
    }
  /** Another selector has made or is making this minute's selection. */
  | { readonly kind: "held"; readonly isDone: boolean };

/** A selector that has not published by then is presumed dead, and the next one makes its selection. */
const LEASE = { lifeSeconds: 3_600, holdSeconds: 15 } as const;
/** How often a selector checks whether the other one has finished. */
const LOOK_AGAIN_MS = 1_000;
const MINUTE_MS = 60_000;

/** Judges every active result and publishes one signal per strategy that passes the thresholds, once a minute. */
export async function select(parts: SelectParts): Promise<SelectSummary> {
  const { clock, logger } = parts;
  const issuedAt = clock.nowMs();
  const minute = Math.floor(issuedAt / MINUTE_MS);
  const items = await parts.results.active();
  // The lease is taken after the read: a run that failed to read has not used up the minute.
  const lease = `selector:${minute}`;
  const take = await parts.leases.take(lease, parts.selectorId, LEASE);
  if (take !== "taken") {
    logger.info({ minute }, "another selector has this minute's selection");
    return { kind: "held", isDone: take === "done" };
  }
  try {
    const summary = await publishSelection(parts, items, issuedAt, minute);
    await parts.leases.finish(lease, parts.selectorId, LEASE);
    return summary;
  } catch (error) {
    // A restarted selector need not wait for the lease to expire. If releasing fails too, it waits.
    await parts.leases.giveUp(lease, parts.selectorId, LEASE).catch((second: unknown) => {
      logger.warn({ err: second, minute }, "could not release the lease of the failed selection");
    });
    throw error;
  }
}

/**
 * Like `select`, but waits for a selection that another selector is making until its signals are published. If the
 * other selector dies, this one publishes them. A signal that is published twice has one effect.
 */
export async function selectInTurn(parts: SelectParts, stopping: AbortSignal): Promise<SelectSummary> {
  for (;;) {
    const summary = await select(parts);
    if (summary.kind === "selected" || summary.isDone || stopping.aborted) return summary;
    await pause(LOOK_AGAIN_MS, stopping);
  }
}

async function publishSelection(
  parts: SelectParts,
  items: readonly ResultsItem[],
  issuedAt: number,
  minute: number,
): Promise<SelectSummary> {
  const { logger } = parts;
  const coins = new Set(items.map((item) => item.symbol)).size;
  logger.info({ coins }, "coins found");
  const choices = candidatesOf(items).map((candidate) => choose(candidate, parts.thresholds));
  for (const choice of choices) logChoice(logger, choice);

  const taken = choices
    .filter((choice) => choice.kind === "taken")
    .map(({ candidate, winRate }): TradingSignal => {
      const { symbol, timeframe, strategy, scanId, figures } = candidate;
      return {
        schemaVersion: SCHEMA_VERSION,
        signalId: tradingSignalId(symbol, timeframe, strategy, minute),
        symbol,
        timeframe,
        strategy,
        winRate,
        totalPnl: figures.totalPnl,
        totalTrades: figures.totalTrades,
        confidenceAvg: figures.confidenceAvg,
        scanId,
        issuedAt,
      };
    });
  logger.info({ strategies: taken.length, judged: choices.length }, "strategies selected");
  await parts.queue.publish(TRADING_SIGNALS, taken);
  logger.info({ signals: taken.length }, "signals published");
  return { kind: "selected", coins, taken, refused: countRefusals(choices) };
}

function countRefusals(choices: readonly Choice[]): Record<RefusalKind, number> {
  const counts: Record<RefusalKind, number> = { trades: 0, win_rate: 0, pnl: 0 };
  for (const choice of choices) if (choice.kind === "refused") counts[choice.by] += 1;
  return counts;
}

/** The significance of a taken strategy's figures; probabilities in percent. */
function significanceFields(statistics: StrategyStatistics | undefined): Record<string, unknown> {
  if (statistics === undefined) return {};
  const percent = (value: number | null) => (value === null ? null : Number((value * 100).toFixed(1)));
  return {
    probabilisticSharpe: percent(statistics.probabilisticSharpe),
    deflatedSharpe: percent(statistics.deflatedSharpe),
    trials: statistics.trials,
  };
}

function logChoice(logger: Logger, choice: Choice): void {
  const { symbol, timeframe, strategy, figures } = choice.candidate;
  const winRate = figures.winRate === null ? "n/a" : `${figures.winRate.toFixed(1)} %`;
  const line = `${symbol} ${timeframe} ${strategy} win rate ${winRate} PnL ${usd(figures.totalPnl)}`;
  const fields = { strategy: line, trades: figures.totalTrades };
  if (choice.kind === "taken") logger.info({ ...fields, ...significanceFields(figures.statistics) }, "taken");
  else logger.info({ ...fields, reason: choice.reason }, "refused");
}
