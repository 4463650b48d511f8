import type { Candles } from "#libs/candles/candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { makeRandom } from "./random.ts";

/** Stretches in turn, as shares of the series: where the price lies, and how it moves. */
const STRETCHES = [
  { share: 0.1, price: 150, tick: 0.01 },
  // A redenomination to a micro coin, and to nine decades above it: what sums carry from there drowns what follows.
  { share: 0.1, price: 1e-4, tick: 1e-8 },
  { share: 0.15, price: 1e5, tick: 0.1 },
  { share: 0.05, price: 1e5, tick: 0 },
  { share: 0.1, price: 1e-4, tick: 1e-9 },
  { share: 0.05, price: 1e-4, tick: 0 },
  // A coin whose price stands still but for one tick now and then.
  { share: 0.1, price: 65_432.1, tick: 1e-7 },
  { share: 0.35, price: 1e-4, tick: 1e-8 },
] as const;

/**
 * A market made to break rolling sums: jumps of nine decades, weeks without any move, single ticks on a high price, and
 * a long quiet end at the lowest price, where every error that was carried so far shows.
 */
export function adversarialCandles(length: number, seed = 1): Candles {
  const random = makeRandom(seed);
  const column = () => new Float64Array(length);
  const [open, high, low, close, volume] = [column(), column(), column(), column(), column()];
  let i = 0;
  let last: number = STRETCHES[0].price;
  for (const [k, { share, price, tick }] of STRETCHES.entries()) {
    const end = k === STRETCHES.length - 1 ? length : Math.min(length, i + Math.round(share * length));
    let level: number = price;
    for (; i < end; i++) {
      const dice = random();
      // No move in one candle of eight; elsewhere some ticks, or a leap of up to 3 %.
      const ticks = dice < 0.125 ? 0 : Math.round((random() - 0.5) * 12);
      level += ticks * tick;
      if (tick > 0 && dice > 0.9995) level *= 0.97 + 0.06 * random();
      if (Math.abs(level / price - 1) > 0.3) level = price;
      open[i] = last;
      close[i] = level;
      high[i] = Math.max(last, level) + (ticks & 1) * tick;
      low[i] = Math.min(last, level) - (ticks & 2) * tick * 0.5;
      // Volumes of a coin at 1e-4 are nine decades above those of one at 1e5.
      volume[i] = Math.round((1e6 * dice) / price) / 8;
      last = level;
    }
  }
  return { intervalMs: MINUTE_MS, startMs: Date.UTC(2015, 0, 5), length, open, high, low, close, volume };
}
