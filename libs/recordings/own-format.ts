/** The project's own file format: what the writer writes and every reader takes. */
export const CANDLE_HEADER = "start_ms,open,high,low,close,volume,turnover";
export const FUNDING_HEADER = "funding_ms,rate";

/** A candle as a file has it. */
export interface CandleRow {
  /** Open time in milliseconds. */
  readonly openTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In the base coin. */
  readonly volume: number;
  /** In the quote coin; null: unknown. */
  readonly turnover: number | null;
}

export interface SettledRate {
  /** Settlement time in milliseconds. */
  readonly timeMs: number;
  /** A fraction: 0.0001 is 0.01 %. */
  readonly rate: number;
}

export function candleLine(row: CandleRow): string {
  const { openTimeMs, open, high, low, close, volume, turnover } = row;
  const numbers = [openTimeMs, open, high, low, close, volume].map(plainDecimal);
  return `${numbers.join(",")},${turnover === null ? "" : plainDecimal(turnover)}\n`;
}

export function fundingLine({ timeMs, rate }: SettledRate): string {
  return `${timeMs},${plainDecimal(rate)}\n`;
}

/** The shortest decimal that reads as the same double, without an exponent: many programs do not take one. */
export function plainDecimal(value: number): string {
  const text = String(value + 0);
  const exponentAt = text.indexOf("e");
  if (exponentAt < 0) return text;
  const exponent = Number(text.slice(exponentAt + 1));
  const [, sign = "", digits = "", fraction = ""] =
    /^(-?)(\d)(?:\.(\d+))?$/.exec(text.slice(0, exponentAt)) ?? [];
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}${fraction}`;
  return `${sign}${digits}${fraction.padEnd(exponent, "0")}`;
}
