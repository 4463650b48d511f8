import {
  NEAREST_REFUSALS,
  type RefusedStrategy,
  type SelectedStrategy,
  type SelectionContent,
  selectedStrategySchema,
} from "#libs/contracts/selection-item.ts";
import { toWire } from "#libs/contracts/wire.ts";
import {
  type Candidate,
  type Choice,
  limitsOf,
  REFUSAL_KINDS,
  type RefusalKind,
  type SelectionThresholds,
} from "./choose.ts";
import { compare, distanceOf, nameOf, nearestRefusals } from "./nearest-refusals.ts";

/**
 * DynamoDB takes items of 400 KB. A strategy as JSON is longer than as an item's attributes, and this leaves room for
 * the refusals: some 800 strategies fit.
 */
export const MOST_TAKEN_BYTES = 330_000;

/** What was taken and what was refused, as it is stored. */
export function selectionOf(
  choices: readonly Choice[],
  { coins, newestScanId }: { readonly coins: number; readonly newestScanId: string | null },
  thresholds: SelectionThresholds,
): SelectionContent {
  const taken = choices.flatMap((choice) => (choice.kind === "taken" ? [choice.candidate] : []));
  const refusals = choices.filter((choice) => choice.kind === "refused");
  const counts = countRefusals(choices);
  return {
    newestScanId,
    coins,
    judged: choices.length,
    limits: [...limitsOf(thresholds)],
    takenCount: taken.length,
    taken: fitting(
      [...taken]
        .sort((a, b) => b.figures.totalPnl - a.figures.totalPnl || compare(nameOf(a), nameOf(b)))
        .map(selectedStrategy),
    ),
    refusedCount: refusals.length,
    refused: REFUSAL_KINDS.map((code) => ({ code, count: counts[code] })),
    nearestRefusals: nearestRefusals(refusals, NEAREST_REFUSALS).map((refusal): RefusedStrategy => {
      const [{ code, value, limit }] = refusal.shortfalls;
      return {
        ...judged(refusal.candidate),
        code,
        value,
        limit,
        distance: shortened(distanceOf(refusal)),
        shortfalls: refusal.shortfalls.map((missed) => ({ ...missed, distance: shortened(missed.distance) })),
      };
    }),
  };
}

export function countRefusals(choices: readonly Choice[]): Record<RefusalKind, number> {
  const counts: Record<RefusalKind, number> = { trades: 0, win_rate: 0, pnl: 0 };
  for (const choice of choices) if (choice.kind === "refused") counts[choice.by] += 1;
  return counts;
}

/** The first strategies that fit into an item together. */
function fitting(strategies: readonly SelectedStrategy[]): SelectedStrategy[] {
  let bytes = 0;
  const tooMany = strategies.findIndex((strategy) => {
    bytes += Buffer.byteLength(JSON.stringify(toWire(selectedStrategySchema, strategy, "selected strategy")));
    return bytes > MOST_TAKEN_BYTES;
  });
  return strategies.slice(0, tooMany === -1 ? strategies.length : tooMany);
}

function judged({ symbol, timeframe, strategy, scanId, figures }: Candidate) {
  const { totalTrades, winRate, totalPnl } = figures;
  return { symbol, timeframe, strategy, judgedBy: scanId, totalTrades, winRate, totalPnl };
}

function selectedStrategy(candidate: Candidate): SelectedStrategy {
  const { profitFactor, maxDrawdown, confidenceAvg, statistics } = candidate.figures;
  return {
    ...judged(candidate),
    winRateLow: statistics?.winRateLow ?? null,
    winRateHigh: statistics?.winRateHigh ?? null,
    profitFactor,
    maxDrawdown,
    confidenceAvg,
    pValue: statistics?.pValue ?? null,
    probabilisticSharpe: statistics?.probabilisticSharpe ?? null,
    deflatedSharpe: statistics?.deflatedSharpe ?? null,
    trials: statistics?.trials ?? null,
  };
}

function shortened(distance: number): number {
  return Number(distance.toFixed(6));
}
