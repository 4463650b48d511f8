import type { Candles } from "#libs/candles/candles.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import { type Comparison, closeTo } from "./comparison.ts";
import { indicatorColumns } from "./indicator-columns.ts";
import { OVERSOLD_INSIDE, PERIODS, sideAt } from "./oversold-inside.ts";

/** Columns as a library gives them: shorter than its input by `missing` at the start, or with something unknown there. */
export interface LibraryColumns {
  readonly rsi: LibraryColumn;
  readonly ma5: LibraryColumn;
  readonly middle: LibraryColumn;
  readonly lower: LibraryColumn;
  readonly upper: LibraryColumn;
}
export interface LibraryColumn {
  readonly missing: number;
  readonly at: (k: number) => number | null | undefined;
}

/** How a library is used for the same indicators, as its documentation shows. */
export interface IndicatorLibrary {
  /** RSI to this many digits. */
  readonly rsiTolerance: number;
  columns(values: number[]): LibraryColumns;
}

// The shapes below are those that the pinned versions document.

/** technicalindicators 3.1.0 */
export function technicalIndicators(module: unknown): IndicatorLibrary {
  interface Indicator<R> {
    calculate(input: { period: number; stdDev?: number; values: number[] }): R[];
  }
  const { RSI, SMA, BollingerBands } = module as {
    RSI: Indicator<number>;
    SMA: Indicator<number>;
    BollingerBands: Indicator<{ lower: number; middle: number; upper: number }>;
  };
  return {
    // Rounded to two digits by the library.
    rsiTolerance: 0.0051,
    columns(values) {
      const rsi = RSI.calculate({ period: PERIODS.rsi, values });
      const ma5 = SMA.calculate({ period: PERIODS.average, values });
      const band = BollingerBands.calculate({ period: PERIODS.band, stdDev: PERIODS.deviations, values });
      const missing = PERIODS.band - 1;
      return {
        rsi: { missing: PERIODS.rsi, at: (k) => rsi[k] },
        ma5: { missing: PERIODS.average - 1, at: (k) => ma5[k] },
        middle: { missing, at: (k) => band[k]?.middle },
        lower: { missing, at: (k) => band[k]?.lower },
        upper: { missing, at: (k) => band[k]?.upper },
      };
    },
  };
}

/** trading-signals 8.3.0 */
export function tradingSignals(module: unknown): IndicatorLibrary {
  interface Indicator<R> {
    add(value: number): R | null;
  }
  const { RSI, SMA, BollingerBands } = module as {
    RSI: new (period: number) => Indicator<number>;
    SMA: new (period: number) => Indicator<number>;
    BollingerBands: new (
      period: number,
      deviations: number,
    ) => Indicator<{ lower: number; middle: number; upper: number }>;
  };
  return {
    rsiTolerance: 1e-7,
    columns(values) {
      const [rsi, ma5] = [new RSI(PERIODS.rsi), new SMA(PERIODS.average)];
      const bands = new BollingerBands(PERIODS.band, PERIODS.deviations);
      const rsis = values.map((value) => rsi.add(value));
      const averages = values.map((value) => ma5.add(value));
      const band = values.map((value) => bands.add(value));
      return {
        rsi: { missing: 0, at: (k) => rsis[k] },
        ma5: { missing: 0, at: (k) => averages[k] },
        middle: { missing: 0, at: (k) => band[k]?.middle },
        lower: { missing: 0, at: (k) => band[k]?.lower },
        upper: { missing: 0, at: (k) => band[k]?.upper },
      };
    },
  };
}

/** indicatorts 2.2.2 */
export function indicatorTs(module: unknown): IndicatorLibrary {
  const { rsi, sma, bb } = module as {
    rsi(values: number[], config: { period: number }): number[];
    sma(values: number[], config: { period: number }): number[];
    bb(values: number[], config: { period: number }): { lower: number[]; middle: number[]; upper: number[] };
  };
  return {
    rsiTolerance: 1e-7,
    columns(values) {
      const rsis = rsi(values, { period: PERIODS.rsi });
      const averages = sma(values, { period: PERIODS.average });
      const band = bb(values, { period: PERIODS.band });
      return {
        rsi: { missing: 0, at: (k) => rsis[k] },
        ma5: { missing: 0, at: (k) => averages[k] },
        middle: { missing: 0, at: (k) => band.middle[k] },
        lower: { missing: 0, at: (k) => band.lower[k] },
        upper: { missing: 0, at: (k) => band.upper[k] },
      };
    },
  };
}

/** Libraries seed Wilder's averages in different ways, which a few hundred candles forget. */
const SEEDED = 600;

/**
 * RSI, a short average and the band of every candle: columns in, columns out. Shown for what it is, without a target:
 * the engine fills no such columns. Its values are exact at any length, where the libraries carry sums along, and they
 * are computed when a strategy asks for them, which the comparison of signals measures.
 */
export function columnsComparison(library: IndicatorLibrary, candles: Candles): Comparison {
  const { close } = candles;
  const startIndex = candles.startMs / candles.intervalMs;
  const values = [...close];
  const ours = indicatorColumns(close, startIndex);
  const theirs = library.columns(values);
  for (let i = SEEDED; i < close.length; i++) {
    assertClose("RSI", i, ours.rsi[i], theirs.rsi, library.rsiTolerance);
    assertClose("SMA(5)", i, ours.ma5[i], theirs.ma5, 0);
    assertClose("Bollinger middle", i, ours.middle[i], theirs.middle, 0);
    assertClose("Bollinger lower", i, ours.lower[i], theirs.lower, 0);
    assertClose("Bollinger upper", i, ours.upper[i], theirs.upper, 0);
  }
  return {
    work: "RSI(14), SMA(5), Bollinger(20, 2): every value of every candle",
    agreed: `5 x ${close.length - SEEDED} values agree to 1e-9, RSI to ${library.rsiTolerance}`,
    hasTarget: false,
    ours: () => void indicatorColumns(close, startIndex),
    theirs: () => void library.columns(values),
  };
}

/** The candles at which a strategy over the same indicators would trade. */
export function signalsComparison(library: IndicatorLibrary, candles: Candles): Comparison {
  const input: StudyInput = {
    symbol: "MADEUSDT",
    timeframe: "1m",
    candles,
    frameCandles: new Map(),
    btc: null,
    funding: null,
  };
  const values = [...candles.close];
  const ours = () => ourSignals(input);
  const theirs = () => theirSignals(library.columns(values), candles);
  const [mine, other] = [ours(), theirs()].map((signals) => signals.filter((i) => Math.abs(i) >= SEEDED)) as [
    number[],
    number[],
  ];
  const known = new Set(other);
  const both = mine.filter((i) => known.has(i)).length;
  const isRounded = library.rsiTolerance > 1e-6;
  if (both < mine.length * (isRounded ? 0.98 : 1) || both < other.length * (isRounded ? 0.98 : 1)) {
    throw new Error(`${mine.length} signals, the library's ${other.length}, of which ${both} are the same`);
  }
  return {
    work: "the signals of a strategy on these indicators",
    agreed: `${both} signals are the same${isRounded ? ` of ${mine.length}: its RSI is rounded` : ""}`,
    hasTarget: true,
    ours: () => void ours(),
    theirs: () => void theirs(),
  };
}

/** Candle of each signal, negative for a SHORT. */
function ourSignals(input: StudyInput): number[] {
  const { length } = input.candles;
  const { defaults } = OVERSOLD_INSIDE;
  const gate = OVERSOLD_INSIDE.gate?.(defaults);
  if (gate === undefined) throw new Error("the strategy has a gate");
  const study = makeStudy(input);
  const signals: number[] = [];
  let i = study.seek(FIRST_DECISION_INDEX, length, gate);
  while (i < length) {
    const decision = OVERSOLD_INSIDE.decide(study.at(i), defaults);
    if (decision.kind === "signal") signals.push(decision.side === "LONG" ? i : -i);
    i = study.seek(i + 1, length, gate);
  }
  return signals;
}

function theirSignals(columns: LibraryColumns, candles: Candles): number[] {
  const { high, low, close, length } = candles;
  const { rsi, lower, upper } = columns;
  const signals: number[] = [];
  for (let i = FIRST_DECISION_INDEX; i < length; i++) {
    const value = rsi.at(i - rsi.missing) ?? Number.NaN;
    if (value >= OVERSOLD_INSIDE.defaults.rsiLow && value <= OVERSOLD_INSIDE.defaults.rsiHigh) continue;
    const candle = { high: high[i] ?? 0, low: low[i] ?? 0, close: close[i] ?? 0 };
    const side = sideAt(
      value,
      lower.at(i - lower.missing) ?? Number.NaN,
      upper.at(i - upper.missing) ?? Number.NaN,
      candle,
      { high: high[i - 1] ?? 0, low: low[i - 1] ?? 0 },
    );
    if (side !== null) signals.push(side === "LONG" ? i : -i);
  }
  return signals;
}

function assertClose(
  name: string,
  i: number,
  ours: number | undefined,
  column: LibraryColumn,
  absolute: number,
): void {
  const theirs = column.at(i - column.missing) ?? Number.NaN;
  const value = ours ?? Number.NaN;
  if (closeTo(value, theirs) || Math.abs(value - theirs) <= absolute) return;
  throw new Error(`${name} of candle ${i}: ${value}, the library has ${theirs}`);
}
