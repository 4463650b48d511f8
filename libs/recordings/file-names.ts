/** What the name of a candle file says. */
export interface CandleFileName {
  readonly exchange: string;
  readonly symbol: string;
  readonly intervalMinutes: number;
}

const CANDLE_NAME = /^([A-Z0-9]+)_([A-Z0-9]+)_(\d+)\.csv(?:\.gz)?$/;
const FUNDING_NAME = /^funding_([A-Z0-9]+)\.csv(?:\.gz)?$/;

/** How files of a folder of recordings are named, for messages. */
export const CANDLE_FILE_PATTERN = "EXCHANGE_SYMBOL_INTERVAL.csv[.gz], for example BYBIT_BTCUSDT_1.csv.gz";

export function candleFileName({ exchange, symbol, intervalMinutes }: CandleFileName): string {
  return `${exchange}_${symbol}_${intervalMinutes}.csv.gz`;
}

export function fundingFileName(symbol: string): string {
  return `funding_${symbol}.csv.gz`;
}

/** Null when it is not the name of a candle file. */
export function parseCandleFileName(name: string): CandleFileName | null {
  const found = CANDLE_NAME.exec(name);
  if (found === null) return null;
  const [, exchange = "", symbol = "", minutes = ""] = found;
  return { exchange, symbol, intervalMinutes: Number(minutes) };
}

/** The symbol, or null when it is not the name of a file of funding rates. */
export function parseFundingFileName(name: string): string | null {
  return FUNDING_NAME.exec(name)?.[1] ?? null;
}
