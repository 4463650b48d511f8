import { at } from "./at.ts";
import type { Candles } from "./candles.ts";

/** Digits of a double that a decimal can rely on: 0.22885000000000003 is 0.22885. */
const DIGITS = 15;
/** Prices with more significant digits than this are computed ones (a mean, a conversion) and show no tick. */
const MOST_PRICE_DIGITS = 12;
/** Prices looked at, spread evenly over the candles. */
const SAMPLE = 40_000;
/** Exponents of the powers of ten that a tick may have. */
const COARSEST = 5;
const FINEST = -15;
/** A tick this large, as a part of the lowest price, is no tick but a price that hardly moved. */
const LARGEST_PART = 0.1;
/** With a tick of 0.05 half of the prices are multiples of 0.1 by chance: so many more of them must be. */
const CHANCE = 0.5;
const LEAST_MARGIN = 0.1;
/** With a tick of 0.01 four ninths of the prices that are no multiples of 0.1 end in an even digit. */
const LEAST_ENDINGS = 0.75;
const FEWEST_ENDINGS = 5;

type Prices = Pick<Candles, "length" | "open" | "high" | "low" | "close">;

/**
 * The tick that most prices show, as the exchange would print it ("0.0005"). What binary fractions add is removed,
 * single prices with more decimals do not decide, and a price that only repeats the previous one does not count.
 * @returns null when the prices show none: there are none, or most of them are computed ones.
 */
export function inferTickSize(prices: Prices): string | null {
  const shown = shownPrices(prices);
  if (shown.total * 2 <= shown.seen) return null;
  const exponent = tickExponent(shown);
  if (exponent === null) return null;
  return (tickUnits(shown, exponent) * 10 ** exponent).toFixed(Math.max(0, -exponent));
}

/** Prices as `units * 10^exponent`, the units without final zeros. */
interface ShownPrices {
  /** By exponent: how many have units that end in these two digits. */
  readonly endings: ReadonlyMap<number, Float64Array>;
  /** Prices counted in `endings`. */
  readonly total: number;
  /** These and computed ones. */
  readonly seen: number;
  readonly lowest: number;
}

function shownPrices({ length, open, high, low, close }: Prices): ShownPrices {
  const endings = new Map<number, Float64Array>();
  const stride = Math.max(1, Math.ceil((4 * length) / SAMPLE));
  let before = Number.NaN;
  let lowest = Number.POSITIVE_INFINITY;
  let seen = 0;
  let total = 0;
  for (let i = 0; i < length; i += stride) {
    for (const column of [open, high, low, close]) {
      const price = at(column, i);
      if (price === before) continue;
      before = price;
      lowest = Math.min(lowest, price);
      seen++;
      const { digits, exponent } = decimalOf(price);
      if (digits.length > MOST_PRICE_DIGITS) continue;
      total++;
      const counts = endings.get(exponent) ?? new Float64Array(100);
      endings.set(exponent, counts);
      const ending = Number(digits.slice(-2));
      counts[ending] = at(counts, ending) + 1;
    }
  }
  return { endings, total, seen, lowest };
}

/** A price as `digits * 10^exponent`, the digits without final zeros. */
function decimalOf(price: number): { readonly digits: string; readonly exponent: number } {
  const [mantissa = "", power = "0"] = price.toExponential(DIGITS - 1).split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  return { digits, exponent: Number(power) - (digits.length - 1) };
}

/** The coarsest power of ten of which most prices are multiples, and not by the chance that a finer one leaves. */
function tickExponent({ endings, total, lowest }: ShownPrices): number | null {
  const margin = CHANCE + Math.max(LEAST_MARGIN, 1.5 / Math.sqrt(total));
  const shareFrom = (exponent: number): number => {
    let count = 0;
    for (const [one, counts] of endings) if (one >= exponent) count += sum(counts);
    return count / total;
  };
  const coarsest = Math.min(COARSEST, Math.floor(Math.log10(lowest * LARGEST_PART)));
  for (let exponent = coarsest; exponent >= FINEST; exponent--) {
    const share = shareFrom(exponent);
    if (share <= 0.5) continue;
    let isChance = false;
    for (let finer = exponent - 1; finer >= FINEST; finer--) {
      const finerShare = shareFrom(finer);
      if (finerShare > share && share < finerShare * margin) isChance = true;
    }
    if (!isChance) return exponent;
  }
  return null;
}

/** How many of the power of ten the tick is, by the last digits of the prices that are no multiples of the next one. */
function tickUnits({ endings }: ShownPrices, exponent: number): number {
  const counts = endings.get(exponent);
  if (counts === undefined) return 1;
  const all = sum(counts);
  if (all < FEWEST_ENDINGS) return 1;
  const least = Math.min(1, LEAST_ENDINGS + 1 / Math.sqrt(all));
  const units = [25, 5, 2].find(
    (step) => sum(counts.filter((_, ending) => ending % step === 0)) >= all * least,
  );
  return units ?? 1;
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
