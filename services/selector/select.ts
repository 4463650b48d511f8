import { FAULTS } from "#libs/contracts/faults.ts";
import { type TradingSignal, tradingSignalId } from "#libs/contracts/messages.ts";
import { SCHEMA_VERSION } from "#libs/contracts/names.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import type { ResultsItem } from "#libs/contracts/results-item.ts";
import type { SelectionContent } from "#libs/contracts/selection-item.ts";
import type { MessageQueue } from "#libs/queue/queue.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { pause } from "#libs/runtime/pause.ts";
import type { ResultsStore } from "#libs/store/results-store.ts";
import type { LeaseStore } from "#libs/store/scan-store.ts";
import type { SelectionStore } from "#libs/store/selection-store.ts";
import { candidatesOf, choose, type RefusalKind, type SelectionThresholds } from "./choose.ts";
import { logChoices } from "./log-choices.ts";
import { countRefusals, selectionOf } from "./selection.ts";

export interface SelectParts {
  readonly results: ResultsStore;
  readonly leases: LeaseStore;
  readonly selections: SelectionStore;
  readonly queue: MessageQueue;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly selectorId: string;
  readonly thresholds: SelectionThresholds;
}

interface Selected {
  readonly kind: "selected";
  readonly coins: number;
  readonly taken: readonly TradingSignal[];
  readonly refused: Readonly<Record<RefusalKind, number>>;
  readonly selection: SelectionContent;
}

export type SelectSummary =
  | Selected
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
    await recordSelection(parts, summary.selection, minute);
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
): Promise<Selected> {
  const { logger } = parts;
  const coins = new Set(items.map((item) => item.symbol)).size;
  logger.info({ coins }, "coins found");
  const choices = candidatesOf(items).map((candidate) => choose(candidate, parts.thresholds));
  logChoices(logger, choices);

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
  const refused = countRefusals(choices);
  logger.info({ strategies: taken.length, judged: choices.length, refused }, "strategies selected");
  await parts.queue.publish(TRADING_SIGNALS, taken);
  logger.info({ signals: taken.length }, "signals published");
  const newestScanId = newestOf(items)?.scanId ?? null;
  const selection = selectionOf(choices, { coins, newestScanId }, parts.thresholds);
  return { kind: "selected", coins, taken, refused, selection };
}

function newestOf(items: readonly ResultsItem[]): ResultsItem | undefined {
  return [...items].sort((a, b) => b.scanTimestamp - a.scanTimestamp)[0];
}

/** For people who want to know why: that it cannot be stored must not fail the run, whose signals are out. */
async function recordSelection(
  { selections, selectorId, logger }: SelectParts,
  content: SelectionContent,
  minute: number,
): Promise<void> {
  try {
    const { kind } = await selections.record({ content, minute, selectorId });
    logger.debug({ minute, outcome: kind }, "selection recorded");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logFault(logger, FAULTS.selectionNotStored, { minute, reason });
  }
}
