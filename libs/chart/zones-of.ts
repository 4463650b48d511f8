import {
  type ConfluenceZone,
  ConfluenceZones,
  type ZoneRule,
} from "#libs/strategy/indicators/confluence-zones.ts";
import { retracement } from "#libs/strategy/indicators/fibonacci.ts";
import type { ReportedTrade } from "./report-data.ts";

/** One retracement of one frame. */
export interface FibonacciLevel {
  readonly frame: string;
  readonly ratio: number;
  readonly price: number;
}

/** Every level of the frames at a trade's signal. */
export function levelsOf(trade: ReportedTrade, ratios: readonly number[]): readonly FibonacciLevel[] {
  return trade.swings.flatMap(([frame, low, high, up]) =>
    ratios.map((ratio) => ({ frame, ratio, price: retracement(high, low, up === 1, ratio) })),
  );
}

/** Where levels of several frames met at a trade's signal, by the rule and the code the strategies use. */
export function zonesOf(trade: ReportedTrade, rule: ZoneRule): readonly ConfluenceZone[] {
  const zones = new ConfluenceZones();
  zones.rebuild(
    trade.swings.map(([, low, high, up]) => ({ present: true, low, high, up: up === 1 })),
    rule,
  );
  return zones.list();
}
