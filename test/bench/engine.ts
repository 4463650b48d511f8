import { backtest } from "#libs/backtest/backtest.ts";
import { print } from "#libs/runtime/terminal.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import { type Candles, endMs, type FundingRates } from "#libs/strategy/candles.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import { wilderRsi } from "#libs/strategy/rsi.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { readCandles } from "#services/cli/read-candles.ts";
import { readFunding } from "#services/cli/read-funding.ts";
import { madeCandles, madeFunding } from "#test/support/made-candles.ts";
import { sharedFile } from "#test/support/shared-data.ts";

/**
 * Speed of the engine on one core: both strategies with their five frames (joined from the 1m base), RSI, BTC,
 * funding and costs, against one plain pass that sums the same five columns in the same run. Run with
 * `npm run bench`. Targets: 5 million candles/s, and at most 15 plain passes.
 */
const TARGET_CANDLES_PER_SECOND = 5_000_000;
const TARGET_RATIO = 15;

interface Market {
  readonly name: string;
  readonly symbol: string;
  readonly candles: Candles;
  readonly btc: Candles | null;
  readonly funding: FundingRates | null;
}

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

function inputOf(market: Market): StudyInput {
  return { ...market, timeframe: "1m", frameCandles: aggregateFrames(market.candles, "1m") };
}

/** Columns of a frame are joined when they are read. Both strategies read its highs and lows. */
function readFrames(candles: Candles): number {
  let sum = 0;
  for (const frame of aggregateFrames(candles, "1m").values()) {
    sum += (frame.high[0] ?? 0) + (frame.low[0] ?? 0);
  }
  return sum;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
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
  const times = parts.map((): number[] => []);
  const warmUps = 3;
  for (let round = -warmUps; round < rounds; round++) {
    for (const [k, [, run]] of parts.entries()) {
      const started = performance.now();
      run();
      if (round >= 0) times[k]?.push(performance.now() - started);
    }
  }
  const growth = loopGrowth(studyInput);
  const perCandle = (milliseconds: number): number => (milliseconds * 1e6) / candles.length;
  const medians = times.map((values) => perCandle(median(values)));
  const minima = times.map((values) => perCandle(Math.min(...values)));
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
  print(`  heap growth of the loop: ${growth} (checksum ${check.toExponential(3)})\n`);
  if (speed < TARGET_CANDLES_PER_SECOND || ratio > TARGET_RATIO) process.exitCode = 1;
}

/** Bytes that deciding about every candle leaves or uses on the heap, signals (which are objects) aside. */
function loopGrowth(input: StudyInput): string {
  if (globalThis.gc === undefined) return "unknown (run node with --expose-gc)";
  const study = makeStudy(input);
  let signals = 0;
  const walk = (): void => {
    for (let i = 60; i < input.candles.length; i++) {
      const view = study.at(i);
      if (BASIC.decide(view, BASIC.defaults).kind === "signal") signals++;
      if (ADVANCED.decide(view, ADVANCED.defaults).kind === "signal") signals++;
    }
  };
  walk();
  signals = 0;
  const before = heapBytes();
  walk();
  // Without a collection in between: garbage counts.
  const used = process.memoryUsage().heapUsed - before;
  return `${used} bytes for ${2 * (input.candles.length - 60)} decisions with ${signals} signals, which are objects`;
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

function madeMarket(length: number): Market {
  const candles = madeCandles({ length, seed: 1 });
  return {
    name: "made market 1m",
    symbol: "MADEUSDT",
    candles,
    btc: madeCandles({ length, seed: 2, price: 100_000, tick: 0.1, volatilityPercent: 0.04 }),
    funding: madeFunding(candles.startMs, endMs(candles), 3, 0.15),
  };
}

const SMALL = 44_000;
const LARGE = 5_300_000;

print("Plain pass: one loop, one sum of open + high + low + close + volume of each candle.\n");
measure(madeMarket(SMALL), 201);
const recorded = await recordedMarket();
if (recorded !== null) measure(recorded, 201);
measure(madeMarket(LARGE), 9);
