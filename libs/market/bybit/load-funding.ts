import type { FundingRates } from "#libs/candles/candles.ts";
import { MarketError } from "../market-error.ts";
import { type BybitClient, FUNDING_LIMIT } from "./client.ts";
import { fundingRatesOf } from "./mapper.ts";
import type { FundingRow } from "./schema.ts";

/**
 * Rates settled in `(fromMs, toMs]`. Pages go backwards from the end, each ending before the oldest rate of the previous
 * one, so it does not depend on the funding interval (which differs by symbol and changes) or on the page size.
 */
export async function loadFunding(
  client: BybitClient,
  range: { symbol: string; fromMs: number; toMs: number },
): Promise<FundingRates> {
  const { symbol } = range;
  const startMs = Math.max(0, Math.floor(range.fromMs) + 1);
  const rows: FundingRow[] = [];
  let endMs = Math.floor(range.toMs);
  while (endMs >= startMs) {
    const page = await client.fundingHistory({ symbol, startMs, endMs });
    for (const row of page) {
      if (row.fundingRateTimestamp < startMs || row.fundingRateTimestamp > endMs) {
        throw new MarketError(
          "rejected",
          `funding history ${symbol}: the field fundingRateTimestamp is ${row.fundingRateTimestamp}: ` +
            `outside the requested range ${startMs} to ${endMs}`,
        );
      }
      rows.push(row);
    }
    if (page.length < FUNDING_LIMIT) break;
    // Rows that repeat one timestamp would make every page one millisecond long, which would never end.
    if (new Set(page.map((row) => row.fundingRateTimestamp)).size < page.length) {
      throw new MarketError("rejected", `funding history ${symbol}: duplicate settlement in one page`);
    }
    endMs = page.reduce((oldest, row) => Math.min(oldest, row.fundingRateTimestamp), endMs) - 1;
  }
  return fundingRatesOf(rows);
}
