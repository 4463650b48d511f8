import { shownValue } from "#libs/contracts/shown-value.ts";
import type { FundingRow } from "../source.ts";
import { RecordingError, readText } from "./recording.ts";

const RATE = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Reads settled rates: header `funding_ms,rate`, ascending.
 * @throws RecordingError with file and line.
 */
export function readFunding(path: string): readonly FundingRow[] {
  const lines = readText(path).split("\n");
  if (lines[0]?.trim() !== "funding_ms,rate") {
    throw new RecordingError(`${path} line 1: the header is not funding_ms,rate`);
  }
  const rows: FundingRow[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = (lines[i] ?? "").trim();
    if (line === "") continue;
    const [time = "", rate = "", ...more] = line.split(",");
    // A zero has no sign.
    const row = { timeMs: Number(time), rate: Number(rate) + 0 };
    const previous = rows.at(-1);
    // A rate is a fraction: 1 would be the whole position in one settlement.
    const isRate = RATE.test(rate) && Math.abs(row.rate) < 1;
    if (!/^\d{1,15}$/.test(time) || !isRate || more.length > 0) {
      throw new RecordingError(`${path} line ${i + 1}: ${shownValue(line)} is no settled rate`);
    }
    if (previous !== undefined && row.timeMs <= previous.timeMs) {
      throw new RecordingError(`${path} line ${i + 1}: ${time} does not come after ${previous.timeMs}`);
    }
    rows.push(row);
  }
  return rows;
}
