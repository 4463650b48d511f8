import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import type { Trade } from "#libs/backtest/engine/trade.ts";
import { type Candles, endMs, type FundingRates } from "#libs/candles/candles.ts";
import { makeCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { FLAT, LONG, MARKED, markedInput, type Row, SHORT } from "#test/support/factories/marked-market.ts";
import { makeRandom } from "#test/support/factories/random.ts";
import { type ReferenceSignal, referenceTrades } from "#test/support/reference/reference-trades.ts";

const CANDLES = 400;
const FIRST = 60;

/** Rules at the edges, and anything between them. */
const rulesOf: fc.Arbitrary<TradeRules> = fc.record({
  marginUsdt: fc.constantFrom(100, 7.5),
  leverage: fc.oneof(fc.constantFrom(1, 2, 10, 20, 50, 100), fc.double({ min: 1, max: 100, noNaN: true })),
  stopLossPercent: fc.oneof(
    fc.constantFrom(0.1, 0.5, 1, 5, 9.5, 12, 50, 99),
    fc.double({ min: 0.05, max: 99, noNaN: true }),
  ),
  takeProfitPercent: fc.oneof(
    fc.constantFrom(0.1, 0.4, 2, 20),
    fc.double({ min: 0.05, max: 50, noNaN: true }),
  ),
  takerFeePercent: fc.constantFrom(0, 0.055, 1),
  slippagePercent: fc.constantFrom(0, 0.01, 0.5),
  entryTolerancePercent: fc.constantFrom(0.5, 5, 90),
  maintenanceMarginPercent: fc.constantFrom(0.5, 0, 2),
});

interface MarketShape {
  readonly seed: number;
  /** Width of a candle, percent. */
  readonly width: number;
  /** How far a candle may open from the close before, percent. */
  readonly gap: number;
  /** Share of candles with a signal. */
  readonly signals: number;
}

const shapes: fc.Arbitrary<MarketShape> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  width: fc.constantFrom(0.1, 0.6, 3, 15),
  gap: fc.constantFrom(0, 0.3, 4, 20),
  signals: fc.constantFrom(0.05, 0.6),
});

/** A market that gaps, and whose candles say by their volume which way to trade. */
function marketOf({ seed, width, gap, signals }: MarketShape): {
  input: StudyInput;
  marks: ReferenceSignal[];
} {
  const random = makeRandom(seed);
  const spread = (percent: number) => 1 + ((random() - 0.5) * 2 * percent) / 100;
  const rows = { open: [100], high: [100], low: [100], close: [100], volume: [0] };
  const marks: ReferenceSignal[] = [null];
  for (let i = 1, price = 100; i < CANDLES; i++) {
    // Half of the candles open where the last one closed.
    const open = random() < 0.5 ? price : price * spread(gap);
    const close = open * spread(width);
    rows.open.push(open);
    rows.close.push(close);
    rows.high.push(Math.max(open, close) * (1 + (random() * width) / 100));
    rows.low.push(Math.min(open, close) * (1 - (random() * width) / 100));
    const mark = i < FIRST || random() > signals ? null : random() < 0.5 ? "LONG" : "SHORT";
    marks.push(mark);
    rows.volume.push(mark === null ? 0 : mark === "LONG" ? 1 : 2);
    // Prices that neither vanish nor overflow.
    price = Math.min(10_000, Math.max(0.01, close));
  }
  const candles = makeCandles(MINUTE_MS, {
    openTimeMs: rows.open.map((_, i) => i * MINUTE_MS),
    ...rows,
  });
  const input = { symbol: "XUSDT", timeframe: "1m", frameCandles: new Map(), btc: null } as const;
  return { input: { ...input, candles, funding: fundingOf(candles, random) }, marks };
}

/** Settlements every few minutes, some of them off the minute. */
function fundingOf(candles: Candles, random: () => number): FundingRates {
  const timeMs: number[] = [];
  for (let ms = candles.startMs + 5 * MINUTE_MS; ms < endMs(candles); ms += 7 * MINUTE_MS) {
    const off = [0, 3, 999, 1000, 20_000, -3, -999, -1000][Math.floor(random() * 8)] ?? 0;
    timeMs.push(ms + off);
  }
  return {
    length: timeMs.length,
    timeMs: Float64Array.from(timeMs),
    rate: Float64Array.from(timeMs, () => (random() - 0.5) * 0.01),
  };
}

function engineTrades(input: StudyInput, rules: TradeRules): readonly Trade[] {
  return backtest(input, { strategies: [MARKED], rules }).strategies.MARKED?.trades ?? [];
}

describe("the engine's trades", () => {
  it("are those of the plain rules, whatever leverage, stop, target and gaps", () => {
    const seen = { stop_loss: 0, take_profit: 0, liquidation: 0 };
    fc.assert(
      fc.property(shapes, rulesOf, (shape, rules) => {
        const { input, marks } = marketOf(shape);
        const found = engineTrades(input, rules);
        const expected = referenceTrades(input.candles, input.funding, marks, rules);
        expect(found.map((t) => [t.side, t.entryMs / MINUTE_MS, t.exitMs / MINUTE_MS, t.exitReason])).toEqual(
          expected.map((t) => [t.side, t.entryIndex, t.exitIndex, t.reason]),
        );
        for (const [k, trade] of expected.entries()) {
          seen[trade.reason]++;
          const { fillPrice, exitPrice, gross, fees, funding, net } = found[k] ?? {};
          const close = (value: number | undefined, by: number) =>
            Math.abs((value ?? Number.NaN) - by) <= 1e-9 * Math.max(1, rules.leverage * rules.marginUsdt);
          expect([
            close(fillPrice, trade.fill),
            close(exitPrice, trade.exit),
            close(gross, trade.gross),
            close(fees, trade.fees),
            close(funding, trade.funding),
            close(net, trade.net),
          ]).toEqual([true, true, true, true, true, true]);
        }
      }),
      { numRuns: 400 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(300);
  });
});

describe("a liquidation", () => {
  it("never comes later, nor on fewer trades of the same entry, with more leverage", () => {
    fc.assert(
      fc.property(shapes, rulesOf, fc.double({ min: 1, max: 100, noNaN: true }), (shape, rules, other) => {
        const { input } = marketOf(shape);
        const [low, high] = [Math.min(rules.leverage, other), Math.max(rules.leverage, other)];
        const [lower] = engineTrades(input, { ...rules, leverage: low });
        const [higher] = engineTrades(input, { ...rules, leverage: high });
        if (lower === undefined) return;
        expect(higher?.exitMs).toBeLessThanOrEqual(lower.exitMs);
        if (lower.exitReason === "liquidation") expect(higher?.exitReason).toBe("liquidation");
      }),
    );
  });

  it("loses the margin, neither more nor less, and no trade loses more before funding", () => {
    fc.assert(
      fc.property(shapes, rulesOf, (shape, rules) => {
        for (const trade of engineTrades(marketOf(shape).input, rules)) {
          if (trade.exitReason === "liquidation") expect(trade.net).toBe(-rules.marginUsdt);
          else expect(trade.net - trade.funding).toBeGreaterThanOrEqual(-rules.marginUsdt);
        }
      }),
    );
  });

  it("mirrors: a SHORT on the mirrored market ends as the LONG does", () => {
    const row = fc.array(fc.double({ min: -60, max: 60, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), rulesOf, (rows, given) => {
        const rules = { ...given, takerFeePercent: 0, slippagePercent: 0 };
        const tradeOf = (sign: 1 | -1) => {
          const candles = rows.map(([a = 0, b = 0, c = 0, d = 0]): Row => {
            const prices = [a, b, c, d].map((distance) => 100 + sign * distance);
            return [100 + sign * a, Math.max(...prices), Math.min(...prices), 100 + sign * b];
          });
          // Entered at the close of its signal: its levels are percent of the price, and mirror each other there.
          return engineTrades(markedInput([sign === 1 ? LONG : SHORT, FLAT, ...candles]), rules)[0];
        };
        const [long, short] = [tradeOf(1), tradeOf(-1)];
        expect([short?.exitMs, short?.exitReason]).toEqual([long?.exitMs, long?.exitReason]);
        if (long !== undefined) expect(short?.net).toBeCloseTo(long.net, 6);
      }),
    );
  });
});
