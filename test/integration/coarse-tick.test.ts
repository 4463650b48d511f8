import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BacktestResult, backtest } from "#libs/backtest/backtest.ts";
import { type Candles, endMs, openTimeMs } from "#libs/candles/candles.ts";
import { inferTickSize } from "#libs/candles/infer-tick.ts";
import { DAY_MS, MINUTE_MS, timeframeMs } from "#libs/candles/timeframe.ts";
import { backtestTaskId } from "#libs/contracts/messages.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { loadHistory, makeHistoryLoader } from "#libs/history/history.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { recordedExchange } from "#libs/simulator/recorded/recorded-exchange.ts";
import type { ExchangeSource, Listing } from "#libs/simulator/source.ts";
import { twoDecimals, twoDecimalsOrNull } from "#libs/store/dynamodb/two-decimals.ts";
import { expectedOutcome } from "#libs/trading/order-prices.ts";
import { tickShareOfStop } from "#libs/trading/tick-share.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { makeAnalyze } from "#services/analyzer/analyze.ts";
import { makeFind } from "#services/finder/find.ts";
import { select } from "#services/selector/select.ts";
import { candleFileText } from "#test/support/factories/candle-file.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { backtestTask } from "#test/support/factories/messages.ts";
import { type PipelineWorld, type Stores, startWorld } from "#test/support/pipeline-world.ts";

/** A fifth to a half of the way to the stop, for prices that move between 0.1 and 0.25. No power of ten. */
const TICK = "0.0005";
const COIN = "COARSEUSDT";
const TIMEFRAME = "5m";
const TO_MS = Date.UTC(2026, 0, 20);
const DAYS = 24;
const SCAN_MS = TO_MS - 4 * DAY_MS;
const BACKTEST_DAYS = 14;
/** Every strategy with a trade passes: what is compared is not whether it is good. */
const THRESHOLDS = { minWinRate: 0, minPnl: -1_000_000, minTrades: 1 };

/** Prices as the exchange prints them, with the tick's decimals. */
function printed(candles: Candles, decimals: number): Candles {
  const column = (prices: Float64Array) => prices.map((price) => Number(price.toFixed(decimals)));
  const { open, high, low, close } = candles;
  return { ...candles, open: column(open), high: column(high), low: column(low), close: column(close) };
}

/** The recorded market, whose coin has the coarse tick that its prices show. */
function withTick(source: ExchangeSource): ExchangeSource {
  const coarse = (listing: Listing): Listing =>
    listing.symbol === COIN ? { ...listing, priceDecimals: 4, tickUnits: 5 } : listing;
  return {
    kind: source.kind,
    description: source.description,
    notes: source.notes,
    listings: (nowMs) => source.listings(nowMs).map(coarse),
    listing: (symbol, nowMs) => {
      const listing = source.listing(symbol, nowMs);
      return listing === null ? null : coarse(listing);
    },
    candles: (range) => source.candles(range),
    dayStatistics: (symbol, nowMs) => source.dayStatistics(symbol, nowMs),
    fundingRates: (symbol, fromMs, toMs, nowMs) => source.fundingRates(symbol, fromMs, toMs, nowMs),
    nextFunding: (symbol, nowMs) => source.nextFunding(symbol, nowMs),
  };
}

describe("a coin with a coarse tick", () => {
  let folder: string;
  let world: PipelineWorld;
  let stores: Stores;
  let candles: Candles;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "coarse-tick-"));
    const length = (DAYS * DAY_MS) / MINUTE_MS;
    const shape = { length, startMs: TO_MS - DAYS * DAY_MS, volatilityPercent: 0.25 };
    candles = printed(madeCandles({ ...shape, seed: 5, price: 0.1, tick: Number(TICK) }), 4);
    const btc = printed(madeCandles({ ...shape, seed: 6, price: 60_000, tick: 0.1 }), 1);
    writeFileSync(join(folder, `BYBIT_${COIN}_1.csv`), candleFileText(candles));
    writeFileSync(join(folder, "BYBIT_BTCUSDT_1.csv"), candleFileText(btc));
    world = await startWorld({
      source: withTick(await recordedExchange({ directory: folder })),
      nowMs: SCAN_MS,
    });
    stores = world.stores(await world.tables());
  }, 60_000);
  afterAll(async () => {
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the core says of the candles of a window, at the tick, or without one. */
  async function backtestOf(fromMs: number, toMs: number, tickSize?: string): Promise<BacktestResult> {
    const { input, firstIndex } = await loadHistory(world.market(), {
      ...{ symbol: COIN, timeframe: TIMEFRAME, withBtc: true },
      fromMs,
      toMs,
    });
    return backtest(input, { firstIndex, ...(tickSize === undefined ? {} : { tickSize }) });
  }

  const waiting = {
    pause: () => Promise.reject(new Error("nothing here waits")),
    stopping: new AbortController().signal,
  };
  const catalog = () => makeInstrumentCatalog(world.market(), world.clock);

  async function analyze(): Promise<void> {
    const task = backtestTask({
      taskId: backtestTaskId("scan", COIN, TIMEFRAME),
      scanId: "scan",
      scanTimestamp: SCAN_MS / 1000,
      symbol: COIN,
      timeframe: TIMEFRAME,
    });
    const handle = makeAnalyze({
      ...waiting,
      logger: world.logger,
      history: makeHistoryLoader(world.market()),
      instruments: catalog(),
      results: stores.results,
      scans: stores.scans,
      analyzerId: "analyzer-1",
      rules: DEFAULT_TRADE_RULES,
      timeframes: [TIMEFRAME],
      backtestDays: { "1m": 1, "3m": 1, [TIMEFRAME]: BACKTEST_DAYS, "15m": 1, "30m": 1 },
      topNCoins: 1,
    });
    const delivery = { messageId: task.taskId, attempt: 1, redelivered: false };
    expect(await handle({ message: task, ...delivery })).toEqual({ kind: "ack" });
  }

  /** What selector and finder make of a moment: the position that is stored, or none. */
  async function positionAt(nowMs: number): Promise<PositionItem | null> {
    world.clock.set(nowMs + 1_500);
    const queue = world.queue();
    const selected = await select({
      results: stores.results,
      leases: stores.leases,
      selections: stores.selections,
      queue,
      clock: world.clock,
      logger: world.logger,
      selectorId: "selector-1",
      thresholds: THRESHOLDS,
    });
    if (selected.kind === "held") throw new Error("nobody else selects");
    const market = world.market();
    const find = makeFind({
      ...waiting,
      logger: world.logger,
      clock: makeExchangeClock(market, world.clock),
      history: makeHistoryLoader(market),
      instruments: catalog(),
      positions: stores.positions,
      ledger: stores.ledger,
      source: { market: "synthetic", simulated: true },
      rules: DEFAULT_TRADE_RULES,
      finderCandles: 1_000,
      signalMaxAgeSeconds: 300,
      codeVersion: "test",
    });
    for (const message of selected.taken) {
      await find({ message, messageId: TRADING_SIGNALS.messageId(message), attempt: 1, redelivered: false });
    }
    return (await stores.positions.active()).find((one) => one.signalTimestamp === nowMs / 1000) ?? null;
  }

  it("has in its results the figures of a backtest at its tick, and says so", async () => {
    expect(inferTickSize(candles)).toBe(TICK);
    await analyze();
    const entry = (await stores.results.get(COIN, SCAN_MS / 1000))?.timeframes[TIMEFRAME];
    const expected = await backtestOf(SCAN_MS - BACKTEST_DAYS * DAY_MS, SCAN_MS, TICK);
    const exact = await backtestOf(SCAN_MS - BACKTEST_DAYS * DAY_MS, SCAN_MS);
    expect(entry).toMatchObject({ status: "completed", tickSize: TICK, bestStrategy: expected.bestStrategy });
    for (const [name, { figures, trades }] of Object.entries(expected.strategies)) {
      expect(entry?.strategies[name]).toMatchObject({
        ...figures,
        winRate: twoDecimalsOrNull(figures.winRate),
        totalPnl: twoDecimals(figures.totalPnl),
        avgWin: twoDecimalsOrNull(figures.avgWin),
        avgLoss: twoDecimalsOrNull(figures.avgLoss),
        maxDrawdown: twoDecimals(figures.maxDrawdown),
        confidenceAvg: twoDecimalsOrNull(figures.confidenceAvg),
        fees: twoDecimals(figures.fees),
        funding: twoDecimals(figures.funding),
      });
      for (const { entryPrice, stopLoss, takeProfit } of trades) {
        for (const level of [entryPrice, stopLoss, takeProfit]) {
          expect(level).toBe(Number((Math.round(level / Number(TICK)) * Number(TICK)).toFixed(4)));
        }
      }
    }
    const pnl = (result: BacktestResult) =>
      Object.values(result.strategies).map(({ figures }) => figures.totalPnl);
    expect(pnl(expected)).not.toEqual(pnl(exact));
    const last = candles.close[(SCAN_MS - candles.startMs) / MINUTE_MS - 1] ?? Number.NaN;
    expect(entry?.tickShareOfStop).toBeCloseTo(tickShareOfStop(TICK, last, DEFAULT_TRADE_RULES), 3);
    expect(entry?.tickShareOfStop).toBeGreaterThan(15);
  });

  it("is traded at the levels that the backtest of the same candles has, and expects what it made", async () => {
    await analyze();
    const intervalMs = timeframeMs(TIMEFRAME);
    // The results of the scan are good for a day.
    world.clock.set(endMs(candles));
    const day = await backtestOf(SCAN_MS, SCAN_MS + DAY_MS, TICK);
    const moments = new Set(
      Object.values(day.strategies).flatMap(({ trades }) => trades.map(({ signalMs }) => signalMs)),
    );
    let compared = 0;
    for (const signalMs of [...moments].sort((a, b) => a - b).slice(0, 6)) {
      const position = await positionAt(signalMs);
      expect(position, new Date(signalMs).toISOString()).not.toBeNull();
      if (position === null) continue;
      world.clock.set(endMs(candles));
      // Decisions begin with the candle of the signal, so that no earlier trade is in the way.
      const { strategies } = await backtestOf(signalMs - intervalMs, signalMs + DAY_MS, TICK);
      const trade = strategies[position.strategy]?.trades[0];
      expect(position).toMatchObject({
        signalTimestamp: (trade?.signalMs ?? Number.NaN) / 1000,
        positionType: trade?.side,
        entryPrice: trade?.entryPrice,
        stopLoss: trade?.stopLoss,
        takeProfit: trade?.takeProfit,
        confidence: trade?.confidence,
      });
      const { entryPrice: entry, stopLoss: stop, takeProfit: target, positionType } = position;
      const expected = expectedOutcome(positionType, { entry, stop, target }, DEFAULT_TRADE_RULES);
      expect(position.expectedProfit).toBeCloseTo(expected.atTarget, 2);
      expect(position.expectedLoss).toBeCloseTo(expected.atStop, 2);
      compared++;
    }
    expect(compared).toBeGreaterThan(2);
    expect(openTimeMs(candles, candles.length)).toBe(TO_MS);
  }, 60_000);
});
