import type { StrategyStatistics } from "#libs/contracts/results-item.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { usd } from "#services/shared/usd.ts";
import type { Candidate, Choice } from "./choose.ts";
import { compare, nameOf, nearestRefusals } from "./nearest-refusals.ts";

/**
 * One line a coin: the strategies that were taken on it, or the refusal that was nearest to being taken. Every strategy
 * with its figures is at the level debug.
 */
export function logChoices(logger: Logger, choices: readonly Choice[]): void {
  const byCoin = new Map<string, Choice[]>();
  for (const choice of choices) {
    const { symbol } = choice.candidate;
    byCoin.set(symbol, [...(byCoin.get(symbol) ?? []), choice]);
  }
  for (const [, ofCoin] of [...byCoin].sort(([one], [other]) => compare(one, other))) logCoin(logger, ofCoin);
  if (!logger.isLevelEnabled("debug")) return;
  for (const choice of choices) logStrategy(logger, choice);
}

function logCoin(logger: Logger, choices: readonly Choice[]): void {
  const taken = choices.filter((choice) => choice.kind === "taken").map(({ candidate }) => candidate);
  if (taken.length > 0) {
    const best = [...taken].sort((a, b) => b.figures.totalPnl - a.figures.totalPnl);
    const [deflatedSharpe = null] = taken
      .map(({ figures }) => figures.statistics?.deflatedSharpe ?? null)
      .filter((probability) => probability !== null)
      .sort((a, b) => b - a);
    logger.info(
      {
        strategy: best.map(described).join(", "),
        strategies: taken.length,
        // Of the strategy that is least likely to be luck.
        deflatedSharpe: percent(deflatedSharpe),
      },
      "taken",
    );
    return;
  }
  const refused = choices.filter((choice) => choice.kind === "refused");
  const [nearest] = nearestRefusals(refused, 1);
  if (nearest === undefined) return;
  logger.info(
    { strategy: described(nearest.candidate), reason: nearest.reason, refused: refused.length },
    "refused",
  );
}

function logStrategy(logger: Logger, choice: Choice): void {
  const { figures } = choice.candidate;
  const fields = { strategy: described(choice.candidate), trades: figures.totalTrades };
  if (choice.kind === "taken") {
    logger.debug({ ...fields, ...significanceFields(figures.statistics) }, "strategy taken");
  } else {
    logger.debug({ ...fields, reason: choice.reason }, "strategy refused");
  }
}

function described(candidate: Candidate): string {
  const { winRate, totalPnl } = candidate.figures;
  const shownRate = winRate === null ? "n/a" : `${winRate.toFixed(1)} %`;
  return `${nameOf(candidate)} win rate ${shownRate} PnL ${usd(totalPnl)}`;
}

/** What a person should know before believing a taken strategy; probabilities in percent. */
function significanceFields(statistics: StrategyStatistics | undefined): Record<string, unknown> {
  if (statistics === undefined) return {};
  return {
    probabilisticSharpe: percent(statistics.probabilisticSharpe),
    deflatedSharpe: percent(statistics.deflatedSharpe),
    trials: statistics.trials,
  };
}

function percent(probability: number | null): number | null {
  return probability === null ? null : Number((probability * 100).toFixed(1));
}
