import { openTimeMs } from "#libs/strategy/candles.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/decide.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy, type Study, type StudyInput } from "#libs/strategy/study.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";
import { AlteredFuture } from "./altered-future.ts";
import { marketAsLoaded, marketUntil, scaledMarket } from "./market-changes.ts";
import { type Difference, firstDifference, type Observation, observe } from "./observe.ts";

/** The properties that a strategy is held to. */
export const CHECKS = ["memory", "look-ahead", "warm-up", "scale", "gate"] as const;
export type Check = (typeof CHECKS)[number];

/** A property that does not hold. */
export interface Violation extends Difference {
  /** What was done to the market: "the future was cut off". */
  readonly when: string;
  /** First candle where it shows. */
  readonly index: number;
  /** Its open time. */
  readonly timeMs: number;
  /** Candles where it shows, of those looked at. */
  readonly candles: number;
}

export interface Verification {
  /** Candles decided about, and how many of them were looked at; all of them unless there are very many. */
  readonly decided: number;
  readonly lookedAt: number;
  readonly signals: number;
  /** By check; null when the property holds. */
  readonly violations: Readonly<Record<Check, Violation | null>>;
  /**
   * Fewest candles before a decision, of those tried, from which on it no longer changes; null when what live services
   * load does not suffice. Fewer than that are tried on some of the candles only.
   */
  readonly warmUpNeeded: number | null;
}

/** Numbers of candles that are tried as warm-up, ascending, below what live services load. */
const WARM_UPS: readonly number[] = [60, 100, 150, 200, 300, 400];

/** Candles on which they are tried. */
const WARM_UP_SAMPLE = 1000;

/** How far prices are moved. Powers of two, so that no rounding can decide a comparison. */
const FACTORS: readonly number[] = [2 ** -10, 4, 2 ** 13];

/** Candles that may be read over all cut-off markets together: some ten seconds. Beyond it, candles are sampled. */
const READING_BUDGET = 2e9;

/**
 * Looks for what would make a backtest of a strategy lie. Every candle is decided about again, and must give the same
 * answers and the same decision:
 *
 * - memory: when the candles are asked about in another order, for a strategy must not remember;
 * - look-ahead: when the future is cut off, and when it rises or falls instead (in the candles' own arrays, which are
 *   restored before this returns);
 * - warm-up: when only the candles before it are known that the live services load;
 * - scale: when all prices are multiplied;
 * - gate: the strategy's gate must be open wherever it signals.
 *
 * @param onPass is told before each pass over the candles what is done to the market: a pass may take seconds.
 * @throws RangeError when the input is not a market, see `makeStudy`.
 */
export function verifyStrategy(
  strategy: Strategy,
  input: StudyInput,
  onPass: (when: string) => void = () => {},
): Verification {
  const study = makeStudy(input);
  // The very first answers count: a strategy that remembers would know more the second time.
  const baseline = observations(strategy, study);
  const indexes = [...baseline.keys()];
  const expected = (i: number): Observation => {
    const observation = baseline.get(i);
    if (observation === undefined) throw new RangeError(`candle ${i} is not among those looked at`);
    return observation;
  };
  const compare = (when: string, order: readonly number[], again: (i: number) => Observation, factor = 1) => {
    onPass(when);
    return violationOf(input, when, order, (i) => firstDifference(expected(i), again(i), factor));
  };
  const backwards = indexes.toReversed();

  const fewerCandles = (warmUp: number, order: readonly number[]) =>
    compare(`only ${warmUp} candles before it are known`, order, (i) => {
      const loaded = marketAsLoaded(input, i, warmUp);
      return observe(strategy, makeStudy(loaded), loaded.candles.length - 1);
    });
  const asLive = fewerCandles(WARM_UP_CANDLES, indexes);

  return {
    decided: Math.max(0, input.candles.length - FIRST_DECISION_INDEX),
    lookedAt: indexes.length,
    signals: [...baseline.values()].filter(({ isSignal }) => isSignal).length,
    violations: {
      memory: compare("candles are asked about in another order", backwards, (i) =>
        observe(strategy, study, i),
      ),
      "look-ahead":
        compare("the future is cut off", indexes, (i) => {
          const known = marketUntil(input, openTimeMs(input.candles, i + 1));
          return observe(strategy, makeStudy(known), i);
        }) ??
        alteredFuture("the future rises instead", 1.25) ??
        alteredFuture("the future falls instead", 0.8),
      "warm-up": asLive,
      scale: FACTORS.reduce<Violation | null>((found, factor) => {
        if (found !== null) return found;
        const market = makeStudy(scaledMarket(input, factor));
        return compare(
          `all prices are ${factor} times as high`,
          indexes,
          (i) => observe(strategy, market, i),
          factor,
        );
      }, null),
      gate: gateViolation(strategy, study, indexes, expected, input),
    },
    warmUpNeeded: asLive === null ? warmUpNeeded() : null,
  };

  function warmUpNeeded(): number {
    const stride = Math.ceil(indexes.length / WARM_UP_SAMPLE);
    const some = indexes.filter((_, k) => k % stride === 0);
    const tooFew = WARM_UPS.findLast((warmUp) => fewerCandles(warmUp, some) !== null);
    return WARM_UPS.find((warmUp) => tooFew === undefined || warmUp > tooFew) ?? WARM_UP_CANDLES;
  }

  function alteredFuture(when: string, factor: number): Violation | null {
    const future = new AlteredFuture(input, factor);
    try {
      return compare(when, backwards, (i) => {
        future.after(openTimeMs(input.candles, i + 1));
        return observe(strategy, study, i);
      });
    } finally {
      future.restore();
    }
  }
}

/** What the strategy says of every candle; of evenly chosen ones and all signals when there are very many. */
function observations(strategy: Strategy, study: Study): ReadonlyMap<number, Observation> {
  const { length } = study.input.candles;
  const stride = Math.max(1, Math.ceil((length * length) / READING_BUDGET));
  const found = new Map<number, Observation>();
  for (let i = FIRST_DECISION_INDEX; i < length; i++) {
    const observation = observe(strategy, study, i);
    if (i % stride === 0 || observation.isSignal) found.set(i, observation);
  }
  return found;
}

/** The earliest of all differences, whatever the order in which the candles are asked about. */
function violationOf(
  input: StudyInput,
  when: string,
  order: readonly number[],
  differenceAt: (i: number) => Difference | null,
): Violation | null {
  let first: { readonly index: number; readonly difference: Difference } | null = null;
  let candles = 0;
  for (const index of order) {
    const difference = differenceAt(index);
    if (difference === null) continue;
    candles++;
    if (first === null || index < first.index) first = { index, difference };
  }
  if (first === null) return null;
  return {
    ...first.difference,
    when,
    index: first.index,
    timeMs: openTimeMs(input.candles, first.index),
    candles,
  };
}

function gateViolation(
  strategy: Strategy,
  study: Study,
  indexes: readonly number[],
  expected: (i: number) => Observation,
  input: StudyInput,
): Violation | null {
  const gate = strategy.gate?.(strategy.defaults);
  if (gate === undefined) return null;
  // Walked as a backtest walks it, for that is where a shut gate loses signals.
  const { length } = input.candles;
  const open = new Set<number>();
  for (
    let i = study.seek(FIRST_DECISION_INDEX, length, gate);
    i < length;
    i = study.seek(i + 1, length, gate)
  ) {
    open.add(i);
  }
  return violationOf(input, "the gate is asked", indexes, (i) => {
    const shut = expected(i).isSignal && !open.has(i);
    return shut ? { what: "gate", expected: "open, as there is a signal", found: "shut" } : null;
  });
}
