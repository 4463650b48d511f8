import type { CandleShape } from "../indicators/candle-shape.ts";
import type { Gate, GateConditions, TriggerCondition, TriggerConditions } from "./gate.ts";

/**
 * A gate that is open wherever one of two is, and perhaps elsewhere: one scan of it serves both.
 * @returns null when they look at different windows, rates or conditions, so that neither can stand for the other.
 */
export function looserGate(one: Gate, other: Gate): Gate | null {
  if (one.changeWindow !== other.changeWindow) return null;
  if ((one.conditions === undefined) !== (other.conditions === undefined)) return null;
  const conditions = looserConditions(one.conditions, other.conditions);
  if (conditions === null) return null;
  return {
    changeWindow: one.changeWindow,
    changePercent: Math.min(one.changePercent, other.changePercent),
    rsiAtMost: Math.max(one.rsiAtMost, other.rsiAtMost),
    rsiAtLeast: Math.min(one.rsiAtLeast, other.rsiAtLeast),
    ...(one.candle === undefined || other.candle === undefined
      ? {}
      : { candle: looserShape(one.candle, other.candle) }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

function looserShape(one: CandleShape, other: CandleShape): CandleShape {
  return {
    minimumBody: Math.min(one.minimumBody, other.minimumBody),
    longShadow: Math.min(one.longShadow, other.longShadow),
    shortShadow: Math.max(one.shortShadow, other.shortShadow),
  };
}

function looserConditions(one?: GateConditions, other?: GateConditions): GateConditions | null | undefined {
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

function looserDoors(one: TriggerConditions, other: TriggerConditions): TriggerConditions {
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
const CONDITIONS: readonly TriggerCondition[] = ["nothing", "btc", "closed"];

function looserNeed(one: TriggerCondition, other: TriggerCondition): TriggerCondition {
  return CONDITIONS.find((need) => need === one || need === other) ?? "nothing";
}
