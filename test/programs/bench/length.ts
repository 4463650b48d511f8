/**
 * What ten years cost a candle, compared with a month: time, memory, digits. `npm run bench:length`; exit code 1 when
 * a limit is missed.
 */

import { type BacktestResult, backtest } from "#libs/backtest/backtest.ts";
import { simulate } from "#libs/backtest/engine/simulate.ts";
import { pause } from "#libs/runtime/pause.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import { average5 } from "#libs/strategy/indicators/moving-average.ts";
import { RollingBand } from "#libs/strategy/indicators/rolling-band.ts";
import { wilderRsi } from "#libs/strategy/indicators/rsi.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy, type Study } from "#libs/strategy/study.ts";
import { print } from "#libs/terminal/terminal.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { adversarialCandles } from "#test/support/factories/adversarial-candles.ts";
import { ExactRsi } from "#test/support/reference/exact-rsi.ts";
import { ExactRollingWindow } from "#test/support/reference/exact-window.ts";
import { inputOf, type Market, madeMarket, stretchOf } from "./made-market.ts";
import { timeInTurn } from "./rounds.ts";

const TEN_YEARS = 5_300_000;
const MONTH = 44_000;
const LIMITS = { slowdown: 1.2, bytesPerCandle: 250, error: 1e-9, keptPerCandle: 0.1, droppedPerCandle: 4 };
const ROUNDS = 5;
/** Walks without a signal. */
const LENGTHS = [1_000_000, 2_000_000] as const;

function limit(text: string, value: number, atMost: number): void {
  const met = value <= atMost;
  print(`  ${text} (at most ${atMost}: ${met ? "met" : "MISSED"})\n`);
  if (!met) process.exitCode = 1;
}

/** Bytes of objects and columns after a collection, and the most that the process has taken from the system so far. */
async function memory(): Promise<{ used: number; peak: number }> {
  // Columns are given back in the background, after the collection that has found them unused.
  for (let k = 0; k < 3; k++) {
    globalThis.gc?.();
    await pause(20);
  }
  return { used: usedBytes(), peak: process.resourceUsage().maxRSS * 1024 };
}

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const countTrades = (result: BacktestResult): number =>
  Object.values(result.strategies).reduce((sum, { figures }) => sum + figures.totalTrades, 0);

/** Comes first: a peak is of the whole life of the process. */
async function measureMemory(): Promise<Market> {
  const before = await memory();
  const market = madeMarket(TEN_YEARS);
  const columns = await memory();
  const input = inputOf(market);
  const study = makeStudy(input);
  // Frames are joined when a strategy reads them.
  if (study.at(TEN_YEARS - 1).frameCount() !== 5) throw new Error("ten years fill all five frames");
  // Some columns of a frame are joined only when two extremes lie in one candle of it.
  backtest(input);
  const studied = await memory();
  const result = backtest(input);
  const after = await memory();
  const per = (bytes: number): number => bytes / TEN_YEARS;
  const trades = countTrades(result);
  print(`\nMemory, ${TEN_YEARS} candles of a symbol and as many of BTC, both strategies, ${trades} trades\n`);
  print(`  columns as given: ${per(columns.used - before.used).toFixed(1)} bytes a candle\n`);
  print(`  frames and RSI: ${per(studied.used - columns.used).toFixed(1)} bytes a candle\n`);
  print(`  result: ${((after.used - studied.used) / trades).toFixed(0)} bytes a trade\n`);
  const all = per(after.used - before.used);
  limit(`all that is kept: ${all.toFixed(1)} bytes a candle`, all, LIMITS.bytesPerCandle);
  const peak = per(after.peak - before.peak);
  limit(`at the peak: ${peak.toFixed(1)} bytes a candle`, peak, LIMITS.bytesPerCandle);
  return market;
}

/**
 * Ten years in one run, against their 120 months in a run each. A user backtests a month once, so each month is read
 * from memory, not from a cache that the round before has filled.
 */
function measureTime(market: Market): void {
  const months = Array.from({ length: Math.floor(TEN_YEARS / MONTH) }, (_, k) =>
    stretchOf(market, k * MONTH, (k + 1) * MONTH),
  );
  const run = (part: Market): number => countTrades(backtest(inputOf(part)));
  const [first = market] = months;
  const [whole, monthly, again] = timeInTurn(
    [() => void run(market), () => months.forEach(run), () => void run(first)],
    ROUNDS,
    1,
  );
  if (whole === undefined || monthly === undefined || again === undefined) return;
  const per = (milliseconds: number, candles: number) => (milliseconds * 1e6) / candles;
  const row = (name: string, time: { median: number; least: number }, candles: number) =>
    print(
      `  ${name}: ${per(time.median, candles).toFixed(1)} ns a candle (least ${per(time.least, candles).toFixed(1)})\n`,
    );
  print(`\nTime of everything, ${ROUNDS} rounds in turn\n`);
  row("ten years at once", whole, TEN_YEARS);
  row(`${months.length} months, each once a round`, monthly, months.length * MONTH);
  row("the same month again and again", again, MONTH);
  const ratio = per(whole.median, TEN_YEARS) / per(monthly.median, months.length * MONTH);
  const least = per(whole.least, TEN_YEARS) / per(monthly.least, months.length * MONTH);
  limit(
    `ten years take ${ratio.toFixed(2)} times a month's time a candle, by the least times ${least.toFixed(2)}`,
    Math.min(ratio, least),
    LIMITS.slowdown,
  );
}

/** Strategies that look at everything as they do, and never signal. */
const SILENT: readonly Strategy[] = [
  silent(BASIC, { levelTolerance: -1, rsiLow: -1, rsiHigh: 101 }),
  // No comparison with it holds.
  silent(ADVANCED, { zoneDistancePercent: Number.NaN }),
];

function silent<P extends object>(strategy: Strategy<P>, changed: Partial<P>): Strategy<P> {
  return { ...strategy, defaults: { ...strategy.defaults, ...changed } };
}

/** Whether walking over candles leaves or drops anything on the heap that grows with their number. */
async function measureGarbage(market: Market): Promise<void> {
  const studies = LENGTHS.map((length) => makeStudy(inputOf(stretchOf(market, 0, length))));
  const options = (parameters: object) => ({
    parameters,
    rules: DEFAULT_TRADE_RULES,
    tickSize: undefined,
    firstIndex: 60,
  });
  const walk = (study: Study, strategy: Strategy) => simulate(study, strategy, options(strategy.defaults));
  print("\nHeap, in bytes, of a walk over one and over two million candles without a signal\n");
  for (const strategy of SILENT) {
    // V8 compiles in the meantime, and that shows on the heap as well.
    for (let k = 0; k < 6; k++) for (const study of studies) walk(study, strategy);
    const measured: { dropped: number; kept: number }[] = [];
    for (const study of studies) {
      const before = (await memory()).used;
      const { trades } = walk(study, strategy);
      const dropped = usedBytes() - before;
      if (trades.length > 0) throw new Error(`${strategy.name} is not silent`);
      measured.push({ dropped, kept: (await memory()).used - before });
    }
    const [one, two] = measured;
    if (one === undefined || two === undefined) continue;
    print(
      `  ${strategy.name}: ${one.kept} and ${two.kept} kept, ${one.dropped} and ${two.dropped} dropped\n`,
    );
    const perCandle = (one: number, two: number): number => (two - one) / (LENGTHS[1] - LENGTHS[0]);
    const kept = perCandle(one.kept, two.kept);
    const dropped = perCandle(one.dropped, two.dropped);
    limit(`  keeps ${kept.toFixed(3)} bytes a candle`, kept, LIMITS.keptPerCandle);
    // Numbers in boxes, where V8 does not inline a call of a rare path.
    limit(`  drops ${dropped.toFixed(2)} bytes a candle`, dropped, LIMITS.droppedPerCandle);
  }
}

/** Every value of every candle against arithmetic without rounding, from the first candle on. */
function measureErrors(): void {
  const { close, startMs, intervalMs } = adversarialCandles(TEN_YEARS);
  const rsis = wilderRsi(close);
  const band = new RollingBand(close, startMs / intervalMs);
  const [five, twenty, rsi] = [new ExactRollingWindow(5), new ExactRollingWindow(20), new ExactRsi()];
  const worst = { ma5: 0, ma20: 0, band: 0, rsi: 0 };
  const relative = (value = Number.NaN, exact: number, floor = 0): number =>
    value === exact ? 0 : Math.abs(value - exact) / (Math.abs(exact) + floor);
  for (let i = 0; i < close.length; i++) {
    const now = close[i] ?? Number.NaN;
    five.add(now);
    twenty.add(now);
    rsi.add(now);
    if (i < 19) continue;
    const { mean, deviation } = twenty.value();
    worst.ma5 = Math.max(worst.ma5, relative(average5(close, i), five.value().mean));
    band.moveTo(i);
    worst.ma20 = Math.max(worst.ma20, relative(band.middle, mean));
    worst.band = Math.max(worst.band, relative(band.half, 2 * deviation));
    // Close to 0, what is left is the weight of rises a thousand changes ago.
    worst.rsi = Math.max(worst.rsi, relative(rsis[i], rsi.value(), 1e-20));
  }
  print(`\nLargest error over all ${TEN_YEARS} candles that jump nine decades and stand still for months\n`);
  for (const [name, error] of Object.entries(worst)) {
    limit(`${name}: ${error.toExponential(1)}`, error, LIMITS.error);
  }
}

if (globalThis.gc === undefined) throw new Error("run node with --expose-gc");
const market = await measureMemory();
measureTime(market);
await measureGarbage(market);
measureErrors();
