import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { at } from "#libs/simulator/candle-page.ts";
import type { CandlePage, ExchangeSource } from "#libs/simulator/source.ts";
import { exponential } from "#libs/simulator/synthetic/exponential.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";

const NOW = DEFAULT_START_MS;
const exchange = syntheticExchange();
const SYMBOLS = exchange.listings(NOW).map((listing) => listing.symbol);

interface Row {
  openMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  turnover: number;
}

function rowsOf(page: CandlePage): Row[] {
  return Array.from({ length: page.length }, (_, i) => ({
    openMs: at(page.openMs, i),
    open: at(page.open, i),
    high: at(page.high, i),
    low: at(page.low, i),
    close: at(page.close, i),
    volume: at(page.volume, i),
    turnover: at(page.turnover, i),
  }));
}

function candles(
  range: { symbol?: string; minutes?: number; fromMs: number; toMs: number; nowMs?: number },
  source: ExchangeSource = exchange,
): Row[] {
  const { symbol = "ORBIXUSDT", minutes = 1, fromMs, toMs, nowMs = NOW } = range;
  return rowsOf(source.candles({ symbol, intervalMs: minutes * MINUTE_MS, fromMs, toMs, nowMs }));
}

const symbols = fc.constantFrom(...SYMBOLS);
/** Minutes before now, within two years. */
const ages = fc.integer({ min: 10, max: 2 * 365 * 1440 });

describe("synthetic candles", () => {
  it("are the same in every process order: a stretch read alone equals the same stretch read after others", () => {
    fc.assert(
      fc.property(symbols, ages, fc.integer({ min: 1, max: 300 }), (symbol, age, count) => {
        const fromMs = Math.floor(NOW / MINUTE_MS - age) * MINUTE_MS;
        const toMs = fromMs + count * MINUTE_MS;
        // Small enough that days fall out of the cache and are made anew.
        const fresh = syntheticExchange({ cacheMegabytes: 1 });
        expect(candles({ symbol, fromMs, toMs }, fresh)).toEqual(candles({ symbol, fromMs, toMs }));
      }),
      { numRuns: 20 },
    );
  });

  it("do not depend on the moment at which they are asked for once they are closed", () => {
    fc.assert(
      fc.property(symbols, fc.integer({ min: 1, max: 20_000 }), (symbol, later) => {
        const fromMs = NOW - 2 * HOUR_MS;
        const toMs = NOW - 10 * MINUTE_MS;
        const nowMs = NOW + later * 1000;
        if (exchange.listing(symbol, nowMs) === null) return;
        expect(candles({ symbol, fromMs, toMs, nowMs })).toEqual(candles({ symbol, fromMs, toMs }));
      }),
      { numRuns: 60 },
    );
  });

  it("differ between seeds", () => {
    const other = syntheticExchange({ seed: 8 });
    const range = { fromMs: NOW - HOUR_MS, toMs: NOW };
    expect(candles(range, other)).not.toEqual(candles(range));
  });

  it("keep this market from version to version", () => {
    // Figures that a backtest rests on: a change of the generator must be a decision, not an accident.
    const openMs = Date.UTC(2025, 0, 1);
    const rows = ["BTCUSDT", "ORBIXUSDT"].flatMap((symbol) =>
      candles({ symbol, fromMs: openMs, toMs: openMs }),
    );
    expect(rows).toMatchInlineSnapshot(`
      [
        {
          "close": 10543690,
          "high": 10543700,
          "low": 10539570,
          "open": 10542060,
          "openMs": 1735689600000,
          "turnover": 23036935626,
          "volume": 21852,
        },
        {
          "close": 105845,
          "high": 105845,
          "low": 105650,
          "open": 105750,
          "openMs": 1735689600000,
          "turnover": 339445107,
          "volume": 32092,
        },
      ]
    `);
  });

  it("of longer intervals equal the aggregation of 1-minute candles exactly", () => {
    const intervals = fc.constantFrom(3, 5, 15, 30, 60, 240, 1440);
    fc.assert(
      fc.property(symbols, intervals, ages, (symbol, minutes, age) => {
        const intervalMs = minutes * MINUTE_MS;
        const fromMs = Math.floor((NOW - age * MINUTE_MS) / intervalMs) * intervalMs;
        const long = candles({ symbol, minutes, fromMs, toMs: fromMs });
        const short = candles({ symbol, fromMs, toMs: fromMs + intervalMs - MINUTE_MS });
        const [first] = short;
        expect(long).toEqual(
          first === undefined
            ? []
            : [
                {
                  openMs: fromMs,
                  open: first.open,
                  high: Math.max(...short.map((row) => row.high)),
                  low: Math.min(...short.map((row) => row.low)),
                  close: short.at(-1)?.close,
                  volume: short.reduce((sum, row) => sum + row.volume, 0),
                  turnover: short.reduce((sum, row) => sum + row.turnover, 0),
                },
              ],
        );
      }),
      { numRuns: 120 },
    );
  });

  it("open at the previous close, hold open and close within high and low, and stand on the tick", () => {
    fc.assert(
      fc.property(symbols, ages, (symbol, age) => {
        const listing = exchange.listing(symbol, NOW);
        const fromMs = NOW - age * MINUTE_MS;
        const rows = candles({ symbol, fromMs, toMs: fromMs + DAY_MS });
        const tick = listing?.tickUnits ?? Number.NaN;
        const step = listing?.quantityStepUnits ?? Number.NaN;
        const wrong = rows.filter((row, i) => {
          const sound =
            row.open === (rows[i - 1]?.close ?? row.open) &&
            row.high >= Math.max(row.open, row.close) &&
            row.low <= Math.min(row.open, row.close) &&
            row.low > 0 &&
            [row.open, row.high, row.low, row.close].every((price) => price % tick === 0) &&
            row.volume % step === 0;
          return !sound;
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it("have no hole from launch to now", () => {
    for (const symbol of ["BTCUSDT", "ORBIXUSDT", "QUILLOUSDT"]) {
      const fromMs = NOW - 130 * DAY_MS;
      const rows = candles({ symbol, minutes: 30, fromMs, toMs: NOW });
      const firstMs = Math.ceil(fromMs / (30 * MINUTE_MS)) * 30 * MINUTE_MS;
      expect(rows.map((row) => row.openMs)).toEqual(
        Array.from({ length: 130 * 48 }, (_, i) => firstMs + i * 30 * MINUTE_MS),
      );
    }
  });

  it("begin with the launch, in every interval", () => {
    const launchMs = exchange.listing("ORBIXUSDT", NOW)?.launchTimeMs ?? 0;
    for (const minutes of [1, 5, 30, 240, 1440]) {
      const [first] = candles({ minutes, fromMs: launchMs - 3 * DAY_MS, toMs: launchMs + 2 * DAY_MS });
      const intervalMs = minutes * MINUTE_MS;
      expect(first?.openMs).toBe(Math.floor(launchMs / intervalMs) * intervalMs);
    }
  });

  it("are flat with no volume in the quiet minutes of thin contracts, and trade every minute in others", () => {
    const range = { fromMs: NOW - DAY_MS, toMs: NOW - MINUTE_MS };
    const quiet = candles({ symbol: "QUILLOUSDT", ...range }).filter((row) => row.volume === 0);
    expect(quiet.length).toBeGreaterThan(400);
    expect(quiet.length).toBeLessThan(1200);
    for (const row of quiet) expect(new Set([row.open, row.high, row.low, row.close]).size).toBe(1);
    expect(candles({ symbol: "SOLUSDT", ...range }).every((row) => row.volume > 0)).toBe(true);
  });

  it("move with BTC: returns of tradable coins are correlated with those of BTC", () => {
    const range = { minutes: 15, fromMs: NOW - 60 * DAY_MS, toMs: NOW - HOUR_MS };
    const returns = (symbol: string) => candles({ symbol, ...range }).map((row) => row.close / row.open - 1);
    const btc = returns("BTCUSDT");
    for (const symbol of ["ETHUSDT", "SOLUSDT", "ORBIXUSDT", "KELVAUSDT"]) {
      expect(correlation(returns(symbol), btc)).toBeGreaterThan(0.2);
      expect(correlation(returns(symbol), btc)).toBeLessThan(0.98);
    }
  });
});

describe("the running synthetic candle", () => {
  const minuteMs = Math.floor(NOW / MINUTE_MS) * MINUTE_MS;

  it("opens as the closed candle does, only ever widens, and ends as it", () => {
    fc.assert(
      fc.property(
        symbols,
        fc.constantFrom(1, 5, 30, 240),
        fc.nat(59_999),
        fc.nat(59_999),
        (symbol, minutes, a, b) => {
          const running = (offsetMs: number) =>
            candles({
              symbol,
              minutes,
              fromMs: minuteMs - 240 * MINUTE_MS,
              toMs: NOW,
              nowMs: minuteMs + offsetMs,
            }).at(-1);
          const early = running(Math.min(a, b));
          const late = running(Math.max(a, b));
          if (early === undefined || late === undefined) return;
          const fromMs = early.openMs;
          const [closed] = candles({
            symbol,
            minutes,
            fromMs,
            toMs: fromMs,
            nowMs: fromMs + minutes * MINUTE_MS,
          });
          expect(late.openMs).toBe(early.openMs);
          expect([early.open, late.open]).toEqual([closed?.open, closed?.open]);
          expect(early.high).toBeLessThanOrEqual(late.high);
          expect(late.high).toBeLessThanOrEqual(closed?.high ?? 0);
          expect(early.low).toBeGreaterThanOrEqual(late.low);
          expect(late.low).toBeGreaterThanOrEqual(closed?.low ?? Infinity);
          expect(early.volume).toBeLessThanOrEqual(late.volume);
          expect(late.volume).toBeLessThanOrEqual(closed?.volume ?? 0);
        },
      ),
      { numRuns: 80 },
    );
  });

  it("has one price and no volume at the moment it opens", () => {
    const [row] = candles({ fromMs: minuteMs, toMs: minuteMs, nowMs: minuteMs });
    expect(row).toMatchObject({ volume: 0, turnover: 0, high: row?.open, low: row?.open, close: row?.open });
  });

  it("is the last one: nothing that starts after the clock is served", () => {
    fc.assert(
      fc.property(
        symbols,
        fc.constantFrom(1, 5, 30, 240, 1440),
        fc.nat(DAY_MS),
        (symbol, minutes, offset) => {
          const nowMs = NOW - offset;
          const rows = candles({ symbol, minutes, fromMs: nowMs - DAY_MS, toMs: nowMs + 10 * DAY_MS, nowMs });
          expect(rows.every((row) => row.openMs <= nowMs)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("synthetic statistics and funding", () => {
  it("are those of the last 24 hours of candles", () => {
    for (const symbol of ["BTCUSDT", "ORBIXUSDT", "QUILLOUSDT"]) {
      const rows = candles({ symbol, fromMs: NOW - DAY_MS + MINUTE_MS - 30_000, toMs: NOW });
      expect(rows).toHaveLength(1440);
      expect(exchange.dayStatistics(symbol, NOW)).toEqual({
        last: rows.at(-1)?.close,
        previous24h: rows[0]?.open,
        previous1h: rows.at(-60)?.open,
        high: Math.max(...rows.map((row) => row.high)),
        low: Math.min(...rows.map((row) => row.low)),
        volume: rows.reduce((sum, row) => sum + row.volume, 0),
        turnover: rows.reduce((sum, row) => sum + row.turnover, 0),
      });
    }
  });

  it("of a contract that stopped some hours ago hold prices of its last day only", () => {
    const endMs = Date.UTC(2024, 5, 30, 8);
    const day = exchange.dayStatistics("STALLEDUSDT", endMs + 5 * HOUR_MS);
    const last = candles({ symbol: "STALLEDUSDT", fromMs: endMs - MINUTE_MS, toMs: endMs }).at(-1);
    expect(day).toMatchObject({ last: last?.close, previous1h: last?.open });
    expect(day?.low).toBeGreaterThan(0);
    expect(exchange.dayStatistics("STALLEDUSDT", endMs + 2 * DAY_MS)).toMatchObject({
      last: last?.close,
      previous24h: last?.close,
      turnover: 0,
    });
  });

  it("settle funding on the contract's own hours, never after the clock", () => {
    for (const { symbol, fundingIntervalMinutes } of exchange.listings(NOW)) {
      const rows = exchange.fundingRates(symbol, NOW - 3 * DAY_MS, NOW + DAY_MS, NOW);
      const intervalMs = fundingIntervalMinutes * MINUTE_MS;
      for (const { timeMs } of rows) {
        expect(timeMs % intervalMs).toBe(0);
        expect(timeMs).toBeLessThanOrEqual(NOW);
      }
      const next = exchange.nextFunding(symbol, NOW);
      if (next !== null)
        expect(next.timeMs - (rows.at(-1)?.timeMs ?? next.timeMs - intervalMs)).toBe(intervalMs);
    }
  });

  it("make the crowded side pay: both heavy longs and heavy shorts occur, most rates are the interest", () => {
    const rates = exchange.fundingRates("SOLUSDT", NOW - 365 * DAY_MS, NOW, NOW).map((row) => row.rate);
    expect(rates.filter((rate) => rate > 0.0001).length).toBeGreaterThan(20);
    expect(rates.filter((rate) => rate < -0.0001).length).toBeGreaterThan(5);
    expect(rates.filter((rate) => rate === 0.0001).length).toBeGreaterThan(rates.length / 2);
  });
});

describe("exponential", () => {
  it("agrees with the standard one to the last digits", () => {
    fc.assert(
      fc.property(fc.double({ min: -20, max: 20, noNaN: true }), (x) => {
        expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(1e-14);
      }),
    );
  });
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    const da = value - meanA;
    const db = (b[i] ?? 0) - meanB;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  });
  return ab / Math.sqrt(aa * bb);
}
