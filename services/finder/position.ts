import { createHash } from "node:crypto";
import { type Candles, endMs } from "#libs/candles/candles.ts";
import type { TradingSignal } from "#libs/contracts/messages.ts";
import { POSITION_LIFE_SECONDS, type PositionItem } from "#libs/contracts/position-item.ts";
import type { Signal } from "#libs/strategy/decision.ts";
import { describeMoment } from "#libs/strategy/describe-moment.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import { expectedOutcome, orderPrices } from "#libs/trading/order-prices.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { candlestickPatterns } from "./candlestick-patterns.ts";

/** What a position is made from: a signal of a selected strategy on the last candle of a study. */
export interface PositionParts {
  readonly signal: TradingSignal;
  readonly decision: Signal;
  readonly study: Study;
  readonly strategy: Strategy;
  readonly rules: TradeRules;
  /** As the exchange formats it. */
  readonly tickSize: string;
  /** How long the position may be acted on, at most its life in the table. */
  readonly maxAgeSeconds: number;
  readonly codeVersion: string;
  readonly nowMs: number;
}

/**
 * The item of an entry. Everything but its bookkeeping derives from the candles, so a redelivery gives the same.
 * @returns null when the tick is so coarse that stop or target is rounded to the entry, or a price to nothing.
 */
export function makePosition(parts: PositionParts): PositionItem | null {
  const { signal, decision, study, rules } = parts;
  const { candles } = study.input;
  const prices = orderPrices(decision.side, endClose(candles), rules, parts.tickSize);
  if (prices.stop === prices.entry || prices.target === prices.entry) return null;
  if (!(Math.min(prices.stop, prices.entry, prices.target) > 0)) return null;
  const expected = expectedOutcome(decision.side, prices, rules);
  const moment = describeMoment(study, candles.length - 1);
  const signalTimestamp = endMs(candles) / 1000;
  return {
    symbol: signal.symbol,
    signalTimestamp,
    signalId: signal.signalId,
    strategy: parts.strategy.name,
    timeframe: signal.timeframe,
    positionType: decision.side,
    entryPrice: prices.entry,
    stopLoss: prices.stop,
    takeProfit: prices.target,
    riskRewardRatio: Math.abs(prices.target - prices.entry) / Math.abs(prices.entry - prices.stop),
    confidence: decision.confidence,
    reasons: [...decision.reasons],
    positionSize: rules.marginUsdt,
    leverage: rules.leverage,
    expectedProfit: expected.atTarget,
    expectedLoss: expected.atStop,
    rsi: moment.rsi,
    bbPosition: moment.bbPosition,
    bbWidth: moment.bbWidth,
    btcTrend: moment.btcTrend,
    btcChange: moment.btcChange,
    coinTrend: moment.coinTrend,
    coinChange: moment.coinChange,
    fundingRate: moment.fundingRate,
    fundingSentiment: moment.fundingSentiment,
    fibSupport: moment.fibSupport,
    fibResistance: moment.fibResistance,
    fibDistance: moment.fibDistance,
    candlestickPatterns: [...candlestickPatterns(candles)],
    scanId: signal.scanId,
    backtest: {
      winRate: signal.winRate,
      totalPnl: signal.totalPnl,
      totalTrades: signal.totalTrades,
    },
    provenance: {
      codeVersion: parts.codeVersion,
      configHash: hashOf([JSON.stringify([parts.strategy.name, parts.strategy.defaults, rules])]),
      candlesHash: candlesHash(candles),
    },
    createdAt: parts.nowMs,
    updatedAt: parts.nowMs,
    version: 1,
    status: "active",
    ttl: signalTimestamp + Math.min(POSITION_LIFE_SECONDS, parts.maxAgeSeconds),
  };
}

function endClose(candles: Candles): number {
  const close = candles.close[candles.length - 1];
  if (close === undefined) throw new RangeError("a position needs at least one candle");
  return close;
}

/** SHA-256 over the series' place in time and its columns as little-endian doubles. */
function candlesHash(candles: Candles): string {
  const columns = [candles.open, candles.high, candles.low, candles.close, candles.volume];
  return hashOf([
    `${candles.startMs}:${candles.intervalMs}:${candles.length}`,
    ...columns.map((column) => new Uint8Array(column.buffer, column.byteOffset, column.byteLength)),
  ]);
}

function hashOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").slice(0, 16);
}
