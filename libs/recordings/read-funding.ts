import type { FundingRates } from "#libs/candles/candles.ts";
import { timeProblem } from "./file-time.ts";
import { GrowingColumn } from "./growing-column.ts";
import { readTable } from "./read-table.ts";

const SHAPE = { columns: ["funding_ms", "rate"], optional: [] };

/**
 * Reads a funding history: settlement times in ms, ascending, and rates as fractions.
 * @throws InputError naming the file, the line and the reason.
 */
export async function readFunding(path: string): Promise<FundingRates> {
  const timeMs = new GrowingColumn();
  const rate = new GrowingColumn();
  let beforeMs = Number.NaN;
  await readTable(path, SHAPE, (values) => {
    const [settledMs = 0, settledRate = 0] = values;
    const problem = timeProblem(settledMs, beforeMs);
    if (problem !== null) return problem;
    if (Math.abs(settledRate) >= 1) return `the rate ${settledRate} is not a fraction: 0.0001 is 0.01 %`;
    beforeMs = settledMs;
    timeMs.push(settledMs);
    rate.push(settledRate);
    return null;
  });
  const times = timeMs.values();
  return { timeMs: times, rate: rate.values(), length: times.length };
}
