import { backtest } from "#libs/backtest/backtest.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { readCandles } from "#libs/recordings/read-candles.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import { wilderRsi } from "#libs/strategy/indicators/rsi.ts";
import { print } from "#libs/terminal/terminal.ts";
import { sharedFile } from "#test/support/shared-data.ts";
import { inputOf, type Market, madeMarket } from "./made-market.ts";
import { timeInTurn } from "./rounds.ts";

/**
 * Speed of the engine on one core: both strategies with their five frames (joined from the 1m base), RSI, BTC,
 * funding and costs, against one plain pass that sums the same five columns in the same run. Run with
 * `npm run bench`. Targets: 5 million candles/s, and at most 15 plain passes.
 */
const TARGET_CANDLES_PER_SECOND = 5_000_000;
const TARGET_RATIO = 15;

/**
 * What any program that looks at each candle once must at least do, written the natural way and given its columns
 * as the engine is given them, as a parameter. Over columns that are constants of a module V8 builds their
 * addresses and lengths into the code, and the same loop takes a third of the time: compare like with like.
 */
function plainPass(candles: Candles): number {
  const { open, high, low, close, volume, length } = candles;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    sum +=
      (open[i] as number) +
      (high[i] as number) +
      (low[i] as number) +
      (close[i] as number) +
      (volume[i] as number);
  }
  return sum;
}

/** Columns of a frame are joined when they are read. Both strategies read its highs and lows. */
function readFrames(candles: Candles): number {
  let sum = 0;
  for (const frame of aggregateFrames(candles, "1m").values()) {
    sum += (frame.high[0] ?? 0) + (frame.low[0] ?? 0);
  }
  return sum;
}

function measure(market: Market, rounds: number): void {
  const { candles } = market;
  const studyInput = inputOf(market);
  // Kept and printed, so that no work can be left out as unused.
  let check = 0;
  const keep = (value: number): void => {
    check += value;
  };
  let trades = 0;
  const parts: readonly (readonly [string, () => void])[] = [
    ["plain pass", () => keep(plainPass(candles))],
    [
      "everything",
      () => {
        const { strategies } = backtest(inputOf(market));
        trades = Object.values(strategies).reduce((sum, { figures }) => sum + figures.totalTrades, 0);
      },
    ],
    ["  frames from 1m", () => keep(readFrames(candles))],
    ["  RSI", () => keep(wilderRsi(candles.close).length)],
    ["  BASIC (with RSI)", () => void backtest(studyInput, { strategies: [BASIC] })],
    ["  ADVANCED (with RSI)", () => void backtest(studyInput, { strategies: [ADVANCED] })],
  ];
  const times = timeInTurn(
    parts.map(([, run]) => run),
    rounds,
  );
  const perCandle = (milliseconds: number): number => (milliseconds * 1e6) / candles.length;
  const medians = times.map((time) => perCandle(time.median));
  const minima = times.map((time) => perCandle(time.least));
  const [plain = Number.NaN, everything = Number.NaN] = medians;
  const [plainLeast = Number.NaN, everythingLeast = Number.NaN] = minima;
  const speed = 1e9 / everything;
  const ratio = everything / plain;
  const verdict = (good: boolean): string => (good ? "met" : "MISSED");
  print(
    `\n${market.name}: ${candles.length} candles, ${trades} trades, ${rounds} rounds of all parts in turn\n`,
  );
  print(`  ${"ns/candle".padEnd(22)}  median     least\n`);
  for (const [k, [name]] of parts.entries()) {
    const [middle, least] = [medians[k] ?? Number.NaN, minima[k] ?? Number.NaN];
    print(`  ${name.padEnd(22)} ${middle.toFixed(2).padStart(7)}   ${least.toFixed(2).padStart(7)}\n`);
  }
  print(
    `  speed ${(speed / 1e6).toFixed(1)} M candles/s (at least 5: ${verdict(speed >= TARGET_CANDLES_PER_SECOND)})\n`,
  );
  print(
    `  ratio ${ratio.toFixed(1)} plain passes by medians, ${(everythingLeast / plainLeast).toFixed(1)} by the least times (at most 15: ${verdict(ratio <= TARGET_RATIO)})\n`,
  );
  print(`  checksum ${check.toExponential(3)}\n`);
  if (speed < TARGET_CANDLES_PER_SECOND || ratio > TARGET_RATIO) process.exitCode = 1;
}

async function recordedMarket(): Promise<Market | null> {
  const files = ["BYBIT_SOLUSDT_1.csv.gz", "BYBIT_BTCUSDT_1.csv.gz"].map((name) =>
    sharedFile(`data/candles/${name}`),
  );
  const fundingFile = sharedFile("data/bybit/funding_SOLUSDT.csv.gz");
  const [candlesFile, btcFile] = files;
  if (candlesFile == null || btcFile == null || fundingFile === null) return null;
  return {
    name: "recorded SOLUSDT 1m",
    symbol: "SOLUSDT",
    candles: await readCandles(candlesFile),
    btc: await readCandles(btcFile),
    funding: await readFunding(fundingFile),
  };
}

const SMALL = 44_000;
const LARGE = 5_300_000;

print("Plain pass: one loop, one sum of open + high + low + close + volume of each candle.\n");
measure(madeMarket(SMALL), 201);
const recorded = await recordedMarket();
if (recorded !== null) measure(recorded, 201);
measure(madeMarket(LARGE), 9);
