import { at } from "#libs/candles/at.ts";
import type { FundingRates } from "#libs/candles/candles.ts";
import { FUNDING_ROWS } from "./columns/row-kind.ts";
import { InputError } from "./input-error.ts";
import type { ReadOptions } from "./read-options.ts";
import { collectRows } from "./rows/collect-rows.ts";
import { counted } from "./rows/problems.ts";
import { describeSources, minute } from "./summary.ts";

/** How a file writes rates: 0.0001, or 0.01 for the same in percent. */
export const FUNDING_UNITS = ["fraction", "percent"] as const;
export type FundingUnit = (typeof FUNDING_UNITS)[number];

export interface FundingReading {
  readonly rates: FundingRates;
  /** One line for people. */
  readonly summary: string;
}

export interface FundingOptions extends ReadOptions {
  /** Default: a fraction, and rates that are not plausible as one are refused. */
  readonly unit?: FundingUnit;
}

/**
 * Half of the rates of a file at or above this is no funding history: it would be about 110 % a year all the time,
 * where exchanges settle about 0.01 % and cap a single rate at some percent. In percent 0.01 is usual.
 */
const IMPLAUSIBLE_MEDIAN = 0.001;
/** Stamps may be a second off their minute on either side: nearer than this they are of one settlement. */
const ONE_SETTLEMENT_MS = 2_000;

/**
 * Reads a funding history: settlement times in ms, ascending, and rates as fractions.
 * @throws InputError naming the file, the line and the reason.
 */
export async function readFunding(
  paths: string | readonly string[],
  options: FundingOptions = {},
): Promise<FundingRates> {
  return (await readFundingHistory(paths, options)).rates;
}

/** The same, with what was understood. */
export async function readFundingHistory(
  given: string | readonly string[],
  options: FundingOptions = {},
): Promise<FundingReading> {
  const paths = typeof given === "string" ? [given] : given;
  const files = paths.join(", ");
  const scale = options.unit === "percent" ? 0.01 : 1;
  const collected = await collectRows(
    paths,
    FUNDING_ROWS,
    (values) => rateProblem(at(values, 1) * scale),
    options,
  );
  const { rows, sources } = collected;
  const signed = sources.find(({ facts }) => facts.percentLine > 0);
  if (signed !== undefined && options.unit !== undefined) {
    throw new InputError(
      `${signed.path} ${signed.facts.place} ${signed.facts.percentLine}: the rate has a percent sign, which is read as it stands: leave --funding-unit out`,
    );
  }
  const named = sources.find(({ facts }) => facts.percentColumn);
  if (named !== undefined && signed === undefined && options.unit === undefined) {
    throw new InputError(
      `${named.path}: the name of the rate's column has a percent sign: give --funding-unit percent, or fraction if it is one`,
    );
  }
  const ordered = rows.inOrder();
  if (rows.problems.count > 0) throw rows.problems.error(null);
  const [stamps = new Float64Array(0), stamped = new Float64Array(0)] = ordered.columns;
  const { times, values, repeated } = settlements(files, stamps, stamped);
  let length = times.length;
  // What lies ahead has not been settled.
  while (length > 0 && at(times, length - 1) > (options.nowMs ?? Infinity)) length--;
  if (length === 0) throw new InputError(`${files}: the file has no settled funding rate`);
  const timeMs = times.subarray(0, length);
  const rate = scale === 1 ? values.subarray(0, length) : values.subarray(0, length).map(fromPercent);
  if (options.unit === undefined) assertPlausible(files, rate);
  const span = `${minute(at(timeMs, 0))} to ${minute(at(timeMs, length - 1))} UTC`;
  const ahead = times.length - length;
  const notes = ahead > 0 ? [`${counted(ahead, "rate")} of the future left out`] : [];
  const what = `${counted(length, "funding rate")}, ${span}`;
  return {
    rates: { timeMs, rate, length },
    summary: describeSources(sources, what, rows.order, ordered.equal + repeated, notes),
  };
}

/**
 * One row a settlement: files that were joined may stamp the same one some milliseconds apart.
 * @throws InputError when the rates of one settlement differ.
 */
function settlements(files: string, stamps: Float64Array, rates: Float64Array) {
  const times = new Float64Array(stamps.length);
  const values = new Float64Array(stamps.length);
  let length = 0;
  for (let k = 0; k < stamps.length; k++) {
    const isRepeated = length > 0 && at(stamps, k) - at(times, length - 1) < ONE_SETTLEMENT_MS;
    if (isRepeated && at(rates, k) !== at(values, length - 1)) {
      throw new InputError(
        `${files}: the settlement at ${new Date(at(stamps, k)).toISOString()} has the rates ` +
          `${at(values, length - 1)} and ${at(rates, k)}: leave one of them out`,
      );
    }
    if (isRepeated) continue;
    times[length] = at(stamps, k);
    values[length] = at(rates, k);
    length++;
  }
  const repeated = stamps.length - length;
  return { times: times.subarray(0, length), values: values.subarray(0, length), repeated };
}

function fromPercent(value: number): number {
  return Number((value / 100).toPrecision(15));
}

function rateProblem(rate: number): string | null {
  return Math.abs(rate) < 1 ? null : `the rate ${rate} is not a fraction: 0.0001 is 0.01 %`;
}

function assertPlausible(files: string, rates: Float64Array): void {
  const sizes = rates.map(Math.abs).sort();
  const median = at(sizes, sizes.length >> 1);
  if (median < IMPLAUSIBLE_MEDIAN) return;
  throw new InputError(
    `${files}: half of the funding rates are ${median} or more, which is ${(median * 100).toPrecision(3)} % at each ` +
      "settlement: if they are in percent give --funding-unit percent, if they are right --funding-unit fraction",
  );
}
