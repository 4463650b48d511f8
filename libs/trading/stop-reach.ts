import { directionOf, entryFill, liquidationPrice, type TradeRules } from "./trade-rules.ts";

/** Trade rules whose stop is not reached before the liquidation price, on one side at least. */
export interface UnreachableStop {
  readonly leverage: number;
  readonly stopLossPercent: number;
  /** Distance from entry to liquidation price, percent, of the side on which it is shorter. */
  readonly liquidationPercent: number;
  /** The side whose adverse exits are liquidations, or both; of an entry filled at its signal's close. */
  readonly side: "LONG" | "SHORT" | "both";
  /** The highest leverage, in hundredths, with which the stop comes first; null when not even 1 does. */
  readonly highestLeverage: number | null;
}

const SIDES = ["LONG", "SHORT"] as const;

/** The problem if the stop is at or beyond the liquidation price; null if the stop is reached first. */
export function unreachableStop(rules: TradeRules): UnreachableStop | null {
  const { leverage, stopLossPercent } = rules;
  const liquidationPercent = liquidationDistance(rules);
  if (stopLossPercent < liquidationPercent) return null;
  const [first, ...others] = SIDES.filter((side) => stopLossPercent >= distanceOf(side, rules));
  const side = first === undefined || others.length > 0 ? "both" : first;
  return { leverage, stopLossPercent, liquidationPercent, side, highestLeverage: highestLeverage(rules) };
}

/** The problem as a readable sentence. */
export function describeUnreachableStop(found: UnreachableStop): string {
  const { leverage, stopLossPercent, liquidationPercent } = found;
  return (
    `the stop, ${stopLossPercent} % from the entry, is not reached before the liquidation price, ` +
    `${percent(liquidationPercent)} % from it at leverage ${leverage}`
  );
}

/** The remedy, as a part of a sentence. */
export function remedyOfUnreachableStop({ highestLeverage, liquidationPercent }: UnreachableStop): string {
  const nearer = `a stop below ${percent(liquidationPercent)} %`;
  return highestLeverage === null
    ? `no leverage works with this stop: choose ${nearer}`
    : `the highest leverage that works with this stop is ${highestLeverage}: choose that or less, or ${nearer}`;
}

/** Distance from entry price to liquidation price, percent, if the entry is filled at its price plus slippage. */
function liquidationDistance(rules: TradeRules): number {
  return Math.min(...SIDES.map((side) => distanceOf(side, rules)));
}

function distanceOf(side: (typeof SIDES)[number], rules: TradeRules): number {
  const direction = directionOf(side);
  return direction * (1 - liquidationPrice(direction, entryFill(direction, 1, rules), rules)) * 100;
}

function highestLeverage(rules: TradeRules): number | null {
  const works = (hundredths: number): boolean =>
    rules.stopLossPercent < liquidationDistance({ ...rules, leverage: hundredths / 100 });
  // The distance decreases with the leverage, so a binary search finds the highest that works.
  let low = 100;
  if (!works(low)) return null;
  let high = Math.max(low + 1, Math.ceil(rules.leverage * 100));
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (works(middle)) low = middle;
    else high = middle;
  }
  return low / 100;
}

/** Rounded down, so that a stop below the displayed value is below the exact one. */
function percent(value: number): string {
  return (Math.floor(value * 1000) / 1000).toString();
}
