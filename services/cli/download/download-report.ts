import { basename } from "node:path";
import { iso } from "./download-arguments.ts";
import type { CandleReport } from "./download-candles.ts";
import type { FundingReport } from "./download-funding.ts";

const GROUPED = new Intl.NumberFormat("en-US");

/** One line on what there is of a coin now. */
export function candleLine(report: CandleReport): string {
  const { rows, fetched, listedMs } = report;
  const listed = listedMs === null ? "" : `; the exchange has none before ${iso(listedMs)}`;
  return `${basename(report.path)}: ${GROUPED.format(rows)} candles, ${GROUPED.format(fetched)} of them new${listed}`;
}

export function fundingLine({ path, rows, fetched }: FundingReport): string {
  if (rows === 0) return `${basename(path)}: the exchange has no settled rate in this range`;
  return `${basename(path)}: ${GROUPED.format(rows)} funding rates, ${GROUPED.format(fetched)} of them new`;
}

/** One line on candles that the exchange does not give. */
export function missingLine(symbol: string, { missingMs, problem }: CandleReport): string {
  const [first = 0] = missingMs;
  const count = missingMs.length === 1 ? "1 candle is" : `${GROUPED.format(missingMs.length)} candles are`;
  return (
    `${symbol}: ${count} missing at the exchange, the first at ${iso(first)} (${problem ?? "unknown"}): ` +
    "the same command later asks for them again; until then the file has a gap"
  );
}
