import { DAY_MS } from "#libs/candles/timeframe.ts";
import { FRAMES } from "#libs/strategy/frames.ts";
import { FIRST_DECISION_INDEX, WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";

/** Candles `[from, end)`: trades are entered and left inside, and none is carried in or out. */
export interface Segment {
  readonly from: number;
  readonly end: number;
}

/** Parameters are chosen on `train` and traded on `test`, the candles that follow at once. */
export interface WalkForwardWindow {
  readonly train: Segment;
  readonly test: Segment;
}

/** Lengths in candles of the timeframe. */
export interface WalkForwardPlan {
  readonly trainCandles: number;
  readonly testCandles: number;
  /** Candles before the first train window that only warm up, at least. */
  readonly warmUpCandles: number;
  /** Each train window begins where the first one does, and so grows. */
  readonly anchored: boolean;
}

/** What a person has said of a plan; the rest is chosen by the length of the file. */
export type PlanWishes = { readonly [K in keyof WalkForwardPlan]?: WalkForwardPlan[K] | undefined };

/** The default number of test windows of a plan; a train window has the length of this many. */
const TESTS = 5;
const TESTS_A_TRAIN = 3;
/** More of the file than this is not given away to have every Fibonacci frame in the first test window. */
const WARM_UP_SHARE = 0.25;

/**
 * A plan for so many candles. Without wishes it makes five test windows behind train windows of three times their
 * length. The warm-up is what live services load: 500 candles before any train window; and before the first test
 * window also the days of the longest Fibonacci frame, unless that takes more than a quarter of the file.
 */
export function makePlan(candles: number, intervalMs: number, wishes: PlanWishes = {}): WalkForwardPlan {
  const { anchored = false } = wishes;
  const usable = Math.max(0, candles - (wishes.warmUpCandles ?? WARM_UP_CANDLES));
  const testCandles =
    wishes.testCandles ??
    (wishes.trainCandles === undefined
      ? Math.floor(usable / (TESTS + TESTS_A_TRAIN))
      : Math.max(1, Math.round(wishes.trainCandles / TESTS_A_TRAIN)));
  const trainCandles = wishes.trainCandles ?? TESTS_A_TRAIN * testCandles;
  const beforeTest = Math.ceil(liveHistoryMs() / intervalMs) - trainCandles;
  const affordable = beforeTest <= candles * WARM_UP_SHARE ? beforeTest : 0;
  const warmUpCandles = wishes.warmUpCandles ?? Math.max(WARM_UP_CANDLES, affordable);
  return { trainCandles, testCandles, warmUpCandles, anchored };
}

/** History that every Fibonacci frame needs: the longest lookback, and a day to begin at a whole candle of it. */
function liveHistoryMs(): number {
  return Math.max(...FRAMES.map(({ lookbackMs }) => lookbackMs)) + DAY_MS;
}

/** The windows of a file. */
export interface WalkForward {
  /** At least one, oldest first, each test window following the one before. */
  readonly windows: readonly WalkForwardWindow[];
  /** The train window for what comes after the last candle. */
  readonly next: Segment;
}

/**
 * Lays the windows of a plan over the candles. They end with the file, because the newest candles matter most; what is
 * left over at its beginning warms up.
 * @returns null when the candles do not suffice for one window.
 * @throws RangeError when a length is not a whole number that makes sense.
 */
export function layWindows(candles: number, plan: WalkForwardPlan): WalkForward | null {
  const { trainCandles, testCandles, warmUpCandles, anchored } = plan;
  assertLength("a train window", trainCandles, 2);
  assertLength("a test window", testCandles, 2);
  assertLength("the warm-up", warmUpCandles, FIRST_DECISION_INDEX);
  const count = Math.floor((candles - warmUpCandles - trainCandles) / testCandles);
  if (count < 1) return null;
  const firstTest = candles - count * testCandles;
  const trainBefore = (end: number): Segment => ({ from: (anchored ? firstTest : end) - trainCandles, end });
  const windows = Array.from({ length: count }, (_, k) => {
    const from = firstTest + k * testCandles;
    return { train: trainBefore(from), test: { from, end: from + testCandles } };
  });
  return { windows, next: trainBefore(candles) };
}

/** A window needs a candle to signal and one to enter at. */
function assertLength(what: string, candles: number, least: number): void {
  if (Number.isSafeInteger(candles) && candles >= least) return;
  throw new RangeError(`${what} must be a whole number of candles, at least ${least}, not ${candles}`);
}
