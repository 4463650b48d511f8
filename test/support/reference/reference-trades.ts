import type { Candles, FundingRates } from "#libs/candles/candles.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { onTheMinute } from "./reference-strategy.ts";

/** An entry that a strategy asks for when candle `i` has closed. */
export type ReferenceSignal = "LONG" | "SHORT" | null;

export interface ReferenceTrade {
  entryIndex: number;
  exitIndex: number;
  side: "LONG" | "SHORT";
  fill: number;
  exit: number;
  reason: "stop_loss" | "take_profit" | "liquidation";
  gross: number;
  fees: number;
  funding: number;
  net: number;
}

/**
 * From signals to trades, as the rule book states it and candle by candle. Shares no code with the engine.
 * @param signals one entry a candle.
 */
export function referenceTrades(
  candles: Candles,
  funding: FundingRates | null,
  signals: readonly ReferenceSignal[],
  rules: TradeRules,
): ReferenceTrade[] {
  const row = (i: number) => ({
    o: candles.open[i] ?? Number.NaN,
    h: candles.high[i] ?? Number.NaN,
    l: candles.low[i] ?? Number.NaN,
    c: candles.close[i] ?? Number.NaN,
    t: candles.startMs + i * candles.intervalMs,
  });
  const slip = rules.slippagePercent / 100;
  const distance = 1 / rules.leverage - rules.maintenanceMarginPercent / 100;
  const trades: ReferenceTrade[] = [];
  let i = 0;
  while (i < candles.length - 1) {
    const side = signals[i] ?? null;
    if (side === null) {
      i++;
      continue;
    }
    const price = row(i).c;
    const open = row(i + 1).o;
    if (Math.abs(open / price - 1) > rules.entryTolerancePercent / 100) {
      i++;
      continue;
    }
    const long = side === "LONG";
    const stop = price * (long ? 1 - rules.stopLossPercent / 100 : 1 + rules.stopLossPercent / 100);
    const target = price * (long ? 1 + rules.takeProfitPercent / 100 : 1 - rules.takeProfitPercent / 100);
    const fill = long ? open * (1 + slip) : open * (1 - slip);
    const liquidation = long ? fill * (1 - distance) : fill * (1 + distance);

    let ended: { at: number; base: number; reason: ReferenceTrade["reason"] } | null = null;
    for (let k = i + 1; k < candles.length && ended === null; k++) {
      const { o, h, l } = row(k);
      if (long) {
        if (o >= target) ended = { at: k, base: o, reason: "take_profit" };
        else if (liquidation >= stop && l <= liquidation)
          ended = { at: k, base: Math.min(o, liquidation), reason: "liquidation" };
        else if (liquidation < stop && l <= stop)
          ended = { at: k, base: Math.min(o, stop), reason: "stop_loss" };
        else if (h >= target) ended = { at: k, base: target, reason: "take_profit" };
      } else {
        if (o <= target) ended = { at: k, base: o, reason: "take_profit" };
        else if (liquidation <= stop && h >= liquidation)
          ended = { at: k, base: Math.max(o, liquidation), reason: "liquidation" };
        else if (liquidation > stop && h >= stop)
          ended = { at: k, base: Math.max(o, stop), reason: "stop_loss" };
        else if (l <= target) ended = { at: k, base: target, reason: "take_profit" };
      }
    }
    if (ended === null) break;

    const exit = long ? ended.base * (1 - slip) : ended.base * (1 + slip);
    const quantity = (rules.marginUsdt * rules.leverage) / fill;
    const gross = long ? quantity * (exit - fill) : quantity * (fill - exit);
    const fees = (rules.takerFeePercent / 100) * quantity * (fill + exit);
    let paid = 0;
    for (let k = 0; funding !== null && k < funding.length; k++) {
      const moment = onTheMinute(funding.timeMs[k] ?? Number.NaN);
      if (!(moment > row(i + 1).t && moment <= row(ended.at).t)) continue;
      let closed = 0;
      while (row(closed + 1).t + candles.intervalMs <= moment) closed++;
      paid += (long ? 1 : -1) * quantity * row(closed).c * (funding.rate[k] ?? Number.NaN);
    }
    const liquidated = ended.reason === "liquidation" || gross - fees < -rules.marginUsdt;
    trades.push({
      entryIndex: i + 1,
      exitIndex: ended.at,
      side,
      fill,
      exit,
      reason: liquidated ? "liquidation" : ended.reason,
      gross,
      fees,
      funding: -paid,
      net: liquidated ? -rules.marginUsdt : gross - fees - paid,
    });
    i = ended.at;
  }
  return trades;
}
