import type { CandleShape } from "../indicators/candle-shape.ts";
import type { DoorNeed, DoorNeeds, Gate, GateNeeds } from "./gate.ts";

/**
 * A gate that is open wherever one of two is, and perhaps elsewhere: one scan of it serves both.
 * @returns null when they look at different windows, rates or needs, so that neither can stand for the other.
 */
export function looserGate(one: Gate, other: Gate): Gate | null {
  if (one.changeWindow !== other.changeWindow) return null;
  if ((one.needs === undefined) !== (other.needs === undefined)) return null;
  const needs = looserNeeds(one.needs, other.needs);
  if (needs === null) return null;
  return {
    changeWindow: one.changeWindow,
    changePercent: Math.min(one.changePercent, other.changePercent),
    rsiAtMost: Math.max(one.rsiAtMost, other.rsiAtMost),
    rsiAtLeast: Math.min(one.rsiAtLeast, other.rsiAtLeast),
    ...(one.candle === undefined || other.candle === undefined
      ? {}
      : { candle: looserShape(one.candle, other.candle) }),
    ...(needs === undefined ? {} : { needs }),
  };
}

function looserShape(one: CandleShape, other: CandleShape): CandleShape {
  return {
    minimumBody: Math.min(one.minimumBody, other.minimumBody),
    longShadow: Math.min(one.longShadow, other.longShadow),
    shortShadow: Math.max(one.shortShadow, other.shortShadow),
  };
}

function looserNeeds(one?: GateNeeds, other?: GateNeeds): GateNeeds | null | undefined {
  if (one === undefined || other === undefined) return undefined;
  if (one.heavyRate !== other.heavyRate || one.btcWindow !== other.btcWindow) return null;
  return {
    heavyRate: one.heavyRate,
    btcWindow: one.btcWindow,
    btcPercent: Math.min(one.btcPercent, other.btcPercent),
    LONG_HEAVY: looserDoors(one.LONG_HEAVY, other.LONG_HEAVY),
    SHORT_HEAVY: looserDoors(one.SHORT_HEAVY, other.SHORT_HEAVY),
    NEUTRAL: looserDoors(one.NEUTRAL, other.NEUTRAL),
  };
}

function looserDoors(one: DoorNeeds, other: DoorNeeds): DoorNeeds {
  return {
    rise: looserNeed(one.rise, other.rise),
    riseRsiAtMost: Math.max(one.riseRsiAtMost, other.riseRsiAtMost),
    fall: looserNeed(one.fall, other.fall),
    fallRsiAtLeast: Math.min(one.fallRsiAtLeast, other.fallRsiAtLeast),
    oversold: looserNeed(one.oversold, other.oversold),
    overbought: looserNeed(one.overbought, other.overbought),
  };
}

/** From the loosest on. */
const NEEDS: readonly DoorNeed[] = ["nothing", "btc", "shut"];

function looserNeed(one: DoorNeed, other: DoorNeed): DoorNeed {
  return NEEDS.find((need) => need === one || need === other) ?? "nothing";
}
