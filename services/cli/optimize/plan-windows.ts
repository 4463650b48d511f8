import {
  layWindows,
  makePlan,
  type PlanWishes,
  type WalkForward,
  type WalkForwardPlan,
} from "#libs/backtest/search/walk-forward.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { DAY_MS } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";

/** @throws InputError when the days are fewer candles than that. */
export function daysToCandles(
  option: string,
  days: number | undefined,
  { intervalMs }: Candles,
  least: number,
): number | undefined {
  if (days === undefined) return undefined;
  const candles = Math.round((days * DAY_MS) / intervalMs);
  if (candles >= least) return candles;
  throw new InputError(`${option} ${days} is ${candles} candles, at least ${least} are needed`);
}

/**
 * The windows of a plan, laid over the candles.
 * @param path of their file, for the message.
 * @throws InputError when the candles are too few for one window.
 */
export function layOver(
  path: string,
  { length, intervalMs }: Candles,
  wishes: PlanWishes,
): { readonly plan: WalkForwardPlan; readonly walkForward: WalkForward } {
  const plan = makePlan(length, intervalMs, wishes);
  const { trainCandles, testCandles, warmUpCandles } = plan;
  const walkForward = trainCandles < 2 || testCandles < 2 ? null : layWindows(length, plan);
  if (walkForward !== null) return { plan, walkForward };
  throw new InputError(
    `${path}: ${length} candles of ${intervalMs / 60_000} minutes are too few for one window: ${warmUpCandles} to warm ` +
      `up, ${Math.max(2, trainCandles)} to choose on and ${Math.max(2, testCandles)} to trade on`,
  );
}
