import { openTimeMs } from "#libs/candles/candles.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy, type Study, type StudyInput } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX, WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";

import { makeSeededRandom } from "../statistics/seeded-random.ts";
import { AlteredFuture } from "./altered-future.ts";
import { type Ambient, AmbientWatch } from "./ambient-watch.ts";
import { marketAsLoaded, marketUntil, scaledMarket } from "./market-changes.ts";
import {
  type Difference,
  type Factors,
  firstDifference,
  type Observation,
  observe,
  observeUnwatched,
  type Subject,
} from "./observe.ts";

/** The properties that a strategy is held to. */
export const CHECKS = ["decision", "memory", "look-ahead", "warm-up", "scale", "gate"] as const;
export type Check = (typeof CHECKS)[number];

/** A property that does not hold. */
export interface Violation extends Difference {
  /** What was done: "the future is cut off". Null when it was enough to ask. */
  readonly when: string | null;
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
  /** How many of those had the future cut off, which takes longest. */
  readonly cutOffAt: number;
  readonly signals: number;
  /** By check; null when the property holds. */
  readonly violations: Readonly<Record<Check, Violation | null>>;
  /** Candles with more before them than live services load: without any, nothing is known of the warm-up. */
  readonly warmUpTriedAt: number;
  /**
   * Fewest candles before a decision, of those tried, from which on it no longer changes; null when what live services
   * load does not suffice, or when it could not be tried. Fewer than that are tried on some of the candles only.
   */
  readonly warmUpNeeded: number | null;
}

/** Numbers of candles that are tried as warm-up, ascending, below what live services load. */
const WARM_UPS: readonly number[] = [60, 100, 150, 200, 300, 400];

/** Candles on which they are tried. */
const WARM_UP_SAMPLE = 1000;

/** How far prices and volumes are moved. Powers of two, so that no rounding can decide a comparison. */
const SCALES: readonly (Factors & { readonly when: string })[] = [
  ...[2 ** -10, 4, 2 ** 13].map((price) => ({
    price,
    volume: 1,
    when: `all prices are ${price} times as high`,
  })),
  ...[2 ** -10, 2 ** 10].map((volume) => ({
    price: 1,
    volume,
    when: `all volumes are ${volume} times as high`,
  })),
];

/** Candles that are decided in random order, where every frame must be read again. */
const SHUFFLED = 4000;

/** Candles that are looked at: some ten seconds. Beyond it, evenly chosen ones and all signals are. */
const LOOKED_AT = 80_000;

/** Candles that may be read over all cut-off markets together: another ten. Beyond it, the same. */
const READING_BUDGET = 2e9;

/**
 * Looks for what would make a backtest of a strategy lie. Every candle is decided about again, and must give the same
 * answers and the same decision:
 *
 * - decision: each is valid, made without an error, clock or randomness, and the same when not observed;
 * - memory: the same when the candles are decided in another order, because a strategy must not have state;
 * - look-ahead: when the future is cut off, and when it rises or falls instead (in the candles' own arrays, which are
 *   restored before this returns); nor may a candle be read that has not closed;
 * - warm-up: when only the candles before it are known that the live services load;
 * - scale: when all prices are multiplied, or all volumes;
 * - gate: the strategy's gate must be open wherever it signals.
 *
 * @param onPass is called before each pass over the candles with what is done to the market: a pass may take seconds.
 * @param firstIndex first candle of the window; those before it only warm up.
 * @throws RangeError when the input is not a market, see `makeStudy`.
 */
export function verifyStrategy(
  strategy: Strategy,
  input: StudyInput,
  onPass: (when: string) => void = () => {},
  firstIndex = 0,
): Verification {
  // Frozen: a strategy that writes to its parameters fails here, or decides differently than in a backtest.
  const subject: Subject = { strategy, parameters: frozen(structuredClone(strategy.defaults)) };
  const study = makeStudy(input);
  // The very first answers count: a strategy that remembers would know more the second time.
  const first = Math.max(FIRST_DECISION_INDEX, firstIndex);
  const { observed, ambient } = observations(subject, study, first);
  const indexes = [...observed.keys()];
  const { length } = input.candles;
  const stride = Math.max(1, Math.ceil((length * length) / READING_BUDGET));
  const expected = (i: number): Observation => {
    const observation = observed.get(i);
    if (observation === undefined) throw new RangeError(`candle ${i} was not observed`);
    return observation;
  };
  const compare = (
    when: string,
    order: readonly number[],
    again: (i: number) => Observation,
    by?: Factors,
  ) => {
    onPass(when);
    return violationOf(input, when, order, (i) => {
      const before = expected(i);
      // An invalid decision is reported once, not per check.
      return before.fault === null ? firstDifference(before, again(i), by) : null;
    });
  };
  const backwards = indexes.toReversed();
  const cutOff = indexes.filter((i) => i % stride === 0 || expected(i).isSignal);

  const fewerCandles = (warmUp: number, order: readonly number[]) =>
    compare(`only ${warmUp} candles before it are known`, order, (i) => {
      const loaded = marketAsLoaded(input, i, warmUp);
      return observe(subject, makeStudy(loaded), loaded.candles.length - 1);
    });
  const inOrder = (name: string, order: readonly number[]) =>
    compare(`candles are decided in ${name} order`, order, (i) => observe(subject, study, i));
  const memory = inOrder("another", backwards) ?? inOrder("random", shuffled(indexes).slice(0, SHUFFLED));
  const asLive = fewerCandles(WARM_UP_CANDLES, indexes);
  const warmUpTriedAt = indexes.filter((i) => i > WARM_UP_CANDLES).length;

  return {
    decided: Math.max(0, length - first),
    lookedAt: indexes.length,
    cutOffAt: cutOff.length,
    signals: [...observed.values()].filter(({ isSignal }) => isSignal).length,
    violations: {
      decision: decisionViolation(),
      memory,
      "look-ahead":
        violationOf(input, null, indexes, (i) => {
          const found = expected(i).questionAhead;
          return found === null ? null : { what: found, expected: "a closed candle", found: "a later one" };
        }) ??
        compare("the future is cut off", cutOff, (i) => {
          const known = marketUntil(input, openTimeMs(input.candles, i + 1));
          return observe(subject, makeStudy(known), i);
        }) ??
        alteredFuture("the future rises instead", 1.25) ??
        alteredFuture("the future falls instead", 0.8),
      "warm-up": asLive,
      scale: SCALES.reduce<Violation | null>((found, { when, ...by }) => {
        if (found !== null) return found;
        const market = makeStudy(scaledMarket(input, by.price, by.volume));
        return compare(when, indexes, (i) => observe(subject, market, i), by);
      }, null),
      gate: gateViolation(subject, study, indexes, expected, input),
    },
    warmUpTriedAt,
    warmUpNeeded: asLive === null && warmUpTriedAt > 0 ? warmUpNeeded() : null,
  };

  function decisionViolation(): Violation | null {
    return (
      violationOf(input, null, indexes, (i) => {
        const { fault } = expected(i);
        return fault === null ? null : { what: "decision", expected: "a signal or a refusal", found: fault };
      }) ??
      violationOf(input, null, indexes, (i) => {
        const source = ambient.get(i);
        if (source === undefined) return null;
        return {
          what: "decision",
          expected: "one made from candles alone",
          found: `a decision that asks ${source}`,
        };
      }) ??
      // A strategy with state differs in every order.
      (memory === null ? askedAsBacktest() : null)
    );
  }

  function askedAsBacktest(): Violation | null {
    const bare = makeStudy(input);
    const own = { strategy, parameters: structuredClone(strategy.defaults) };
    return compare("it is asked as a backtest asks", indexes, (i) => observeUnwatched(own, bare, i));
  }

  function warmUpNeeded(): number {
    const every = Math.ceil(indexes.length / WARM_UP_SAMPLE);
    const some = indexes.filter((_, k) => k % every === 0);
    const tooFew = WARM_UPS.findLast((warmUp) => fewerCandles(warmUp, some) !== null);
    return WARM_UPS.find((warmUp) => tooFew === undefined || warmUp > tooFew) ?? WARM_UP_CANDLES;
  }

  function alteredFuture(when: string, factor: number): Violation | null {
    const future = new AlteredFuture(input, factor);
    try {
      return compare(when, backwards, (i) => {
        future.after(openTimeMs(input.candles, i + 1));
        return observe(subject, study, i);
      });
    } finally {
      future.restore();
    }
  }
}

/** What the strategy says of the candles that are looked at, and where it asked more than the market. */
function observations(subject: Subject, study: Study, first: number) {
  const { length } = study.input.candles;
  const stride = Math.ceil(length / LOOKED_AT);
  const observed = new Map<number, Observation>();
  const ambient = new Map<number, Ambient>();
  const watch = new AmbientWatch();
  try {
    for (let i = first; i < length; i++) {
      const observation = observe(subject, study, i);
      const source = watch.taken();
      const isTelling = observation.isSignal || observation.fault !== null || source !== null;
      if (i % stride !== 0 && !isTelling) continue;
      observed.set(i, observation);
      if (source !== null) ambient.set(i, source);
    }
  } finally {
    watch.stop();
  }
  return { observed, ambient };
}

/** The earliest of all differences, regardless of the order in which the candles are decided. */
function violationOf(
  input: StudyInput,
  when: string | null,
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
  { strategy, parameters }: Subject,
  study: Study,
  indexes: readonly number[],
  expected: (i: number) => Observation,
  input: StudyInput,
): Violation | null {
  const open = new Set<number>();
  try {
    const gate = strategy.gate?.(parameters);
    if (gate === undefined) return null;
    // Walked as a backtest walks it, for that is where a closed gate loses signals.
    const { length } = input.candles;
    for (
      let i = study.seek(FIRST_DECISION_INDEX, length, gate);
      i < length;
      i = study.seek(i + 1, length, gate)
    ) {
      open.add(i);
    }
  } catch (error) {
    const found = `an error: ${String(error)}`;
    return violationOf(input, null, indexes, () => ({ what: "gate", expected: "a gate", found }));
  }
  return violationOf(input, null, indexes, (i) => {
    const closed = expected(i).isSignal && !open.has(i);
    return closed ? { what: "gate", expected: "open, as there is a signal", found: "closed" } : null;
  });
}

/** The same candles far from their order, so that no counter falls into step with it. */
function shuffled(indexes: readonly number[]): readonly number[] {
  const random = makeSeededRandom(indexes.length + 1);
  const order = [...indexes];
  for (let k = order.length - 1; k > 0; k--) {
    const other = random(k + 1);
    [order[k], order[other]] = [order[other] ?? 0, order[k] ?? 0];
  }
  return order;
}

function frozen<T extends object>(parameters: T): T {
  for (const part of Object.values(parameters)) if (typeof part === "object" && part !== null) frozen(part);
  return Object.freeze(parameters);
}
