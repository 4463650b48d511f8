/**
 * The usage of a month of the default workload, beyond what the template defines. Only the logs were measured, with
 * `docker compose` and the exchange simulator (30 coins, 5 timeframes, 300 strategies judged and about 60 signals a
 * minute); the rest is derived as commented, or assumed. Sizes in bytes.
 */
export interface Usage {
  /** Log lines of all services in a minute. */
  readonly logBytesPerMinute: number;
  /** The hours with faults, summed over all fault metrics: only these are charged. */
  readonly faultMetricHours: number;
  readonly dynamoWriteUnitsPerHour: number;
  readonly dynamoReadUnitsPerMinute: number;
  readonly dynamoStoredBytes: number;
  readonly imageBytes: number;
  readonly brokerStoredBytes: number;
  /** Candles from Bybit, through the NAT gateway if there is one. */
  readonly inboundBytesPerHour: number;
}

export const USAGE: Usage = {
  // 105 kB in 550 lines with one scan of results, plus 26 bytes per line for CloudWatch, and half as much for more scans.
  logBytesPerMinute: 180_000,
  // Assumed: one fault in every hour (a candle that is late for a finder), and eight in two days of a month.
  faultMetricHours: 730 + 8 * 48,
  // 150 results of about 5 KiB, each written once or twice, and once more for each of three indexes; the scan's
  // item at each task's end; 60 leases; positions; a pulse of 1 to 3 KiB of each service each minute; the selection of
  // 40 KiB while a scan changes it; a signal of about 3 KiB, written three times, and once more for each of two indexes.
  dynamoWriteUnitsPerHour: 150 * 1.5 * 5 * 4 + 150 * 5 + 60 + 100 + 60 * 5 + 10 * 40 + 11 * 3 * 3 * 3,
  // Each minute the selector reads the active results of 24 scans, eventually consistent, and the stored selection.
  dynamoReadUnitsPerMinute: 450 + 10,
  dynamoStoredBytes: 50e6,
  imageBytes: 4 * 90e6,
  brokerStoredBytes: 1e9,
  // About 1,700 pages of 1,000 candles, compressed.
  inboundBytesPerHour: 1_700 * 35e3,
};
