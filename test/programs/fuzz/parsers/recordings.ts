import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { InputError } from "#libs/recordings/input-error.ts";
import { type RecordedExchange, recordedExchange } from "#libs/simulator/recorded/recorded-exchange.ts";
import { defaultReplayStartMs } from "#libs/simulator/recorded/replay-start.ts";
import { type FuzzedParser, fuzzedParser } from "#test/programs/fuzz/fuzzed-parser.ts";
import {
  CANDLE_HEADER,
  candleTable,
  FUNDING_HEADER,
  fileBytes,
  fundingTable,
  plainRows,
  textOf,
} from "./files.ts";

interface Folder {
  readonly candleName: string;
  readonly candles: Buffer;
  readonly fundingName: string;
  readonly funding: Buffer | null;
}

const CANDLE_NAMES = [
  "BYBIT_BTCUSDT_1.csv",
  "BYBIT_BTCUSDT_1.csv.gz",
  "BINANCE_1000PEPEUSDT_1.csv",
  "BYBIT_BTCUSDT_0.csv",
  "BYBIT_BTCUSDT_7.csv",
  "BYBIT_BTCUSDT_99999999999999999999999.csv",
  "BYBIT_BTCUSDT_1.CSV",
  "BYBIT__1.csv",
  "bybit_btcusdt_1.csv",
  "candles.csv",
];

const goodName = (name: string) => /^[A-Z0-9]+_[A-Z0-9]+_1\.csv(\.gz)?$/.test(name);

const folders: fc.Arbitrary<Folder> = fc.record({
  candleName: fc.oneof(
    { arbitrary: fc.constantFrom(...CANDLE_NAMES.slice(0, 3)), weight: 9 },
    { arbitrary: fc.constantFrom(...CANDLE_NAMES), weight: 1 },
  ),
  candles: fileBytes(CANDLE_HEADER, candleTable()),
  fundingName: fc.constantFrom(
    "funding_BTCUSDT.csv",
    "funding_BTCUSDT.csv.gz",
    "funding_SOLUSDT.csv",
    "funding.csv",
  ),
  funding: fc.option(fileBytes(FUNDING_HEADER, fundingTable()), { freq: 2 }),
});

/** Everything that a replay asks of a recording, which must then have an answer. */
function replayed(exchange: RecordedExchange): {
  readonly startMs: number;
  readonly prices: readonly number[];
  /** Of the last decimal of a price. */
  readonly unit: number;
  readonly rates: readonly number[];
} {
  const [span] = exchange.coverage();
  assert.ok(span !== undefined);
  const startMs = defaultReplayStartMs(exchange);
  assert.ok(!Number.isNaN(new Date(startMs).getTime()), `starts at ${startMs}`);
  const { symbol, fromMs, toMs } = span;
  const listing = exchange.listing(symbol, toMs);
  assert.ok(listing !== null);
  const page = exchange.candles({
    symbol,
    intervalMs: 60_000,
    fromMs,
    toMs: Math.min(toMs, fromMs + 3_600_000),
    nowMs: toMs,
  });
  const scale = 10 ** listing.priceDecimals;
  const prices = Array.from({ length: page.length }, (_, i) => [
    page.open[i],
    page.high[i],
    page.low[i],
    page.close[i],
  ])
    .flat()
    .map((price) => (price ?? Number.NaN) / scale);
  assert.ok(
    prices.every((price) => price > 0 && price < Number.POSITIVE_INFINITY),
    `prices ${prices.join(" ")}`,
  );
  const day = exchange.dayStatistics(symbol, toMs);
  assert.ok(day !== null && Object.values(day).every(Number.isFinite), JSON.stringify(day));
  const rates = exchange.fundingRates(symbol, 0, 8.64e15, 8.64e15).map(({ rate }) => rate);
  assert.ok(
    rates.every((rate) => Math.abs(rate) < 1),
    `rates ${rates.join(" ")}`,
  );
  exchange.nextFunding(symbol, toMs);
  return { startMs, prices, unit: 1 / scale, rates };
}

export const RECORDING_PARSERS: readonly FuzzedParser[] = [
  fuzzedParser("folder of recordings", async () => {
    const directory = await mkdtemp(join(tmpdir(), "fuzz-recordings-"));
    return {
      inputs: folders,
      async read({ candleName, candles, fundingName, funding }) {
        const [candlePath, fundingPath] = [join(directory, candleName), join(directory, fundingName)];
        await writeFile(candlePath, candles);
        if (funding !== null) await writeFile(fundingPath, funding);
        try {
          const exchange = await recordedExchange({ directory });
          return replayed(exchange);
        } finally {
          await rm(candlePath);
          await rm(fundingPath, { force: true });
        }
      },
      refusals: [InputError],
      verify({ candleName, candles, funding }, { prices, unit, rates }) {
        assert.ok(goodName(candleName), `${candleName} is no recording`);
        const rows = plainRows(textOf(candles), 5);
        const given = rows.flatMap((row) => row.slice(1)).filter(Number.isFinite);
        // Single prices with more decimals than the others are rounded, and none to zero.
        const tolerance = 1.001 * unit;
        for (const price of prices) {
          assert.ok(
            given.some((one) => Math.abs(one - price) <= tolerance),
            `${price} is not in the file`,
          );
        }
        if (rates.length === 0) return;
        assert.ok(funding !== null);
        const settled = plainRows(textOf(funding), 2).map(([, rate]) => rate);
        for (const rate of rates) assert.ok(settled.includes(rate), `${rate} is not in the file`);
      },
      names: ({ candleName, fundingName }) => [candleName, fundingName, directory],
      close: () => rm(directory, { recursive: true }),
    };
  }),
];
