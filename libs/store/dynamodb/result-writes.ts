import {
  PutCommand,
  type PutCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { TIMEFRAMES, type Timeframe } from "#libs/candles/timeframe.ts";
import {
  RESULT_LIFE_SECONDS,
  type ResultsItem,
  resultsItemSchema,
  timeframeResultSchema,
} from "#libs/contracts/results-item.ts";
import { toWire } from "#libs/contracts/wire.ts";
import type { ResultIdentity, TimeframeOutcome } from "../results-store.ts";
import { allOf, anyOf, attributeNames } from "./requests/expression.ts";
import { type Optimum, optimumOf, optimumSchema, roundedResult } from "./result-mapper.ts";
import { twoDecimals } from "./two-decimals.ts";

export interface Recording {
  readonly tableName: string;
  readonly identity: ResultIdentity;
  readonly outcome: TimeframeOutcome;
  readonly timeframesOfScan: readonly Timeframe[];
  readonly analyzerId: string;
  readonly nowMs: number;
}

/**
 * The conditional writes of which exactly one takes effect if the timeframe's entry is still open, and none otherwise:
 * they are sent in this order until one succeeds. Each leaves a consistent item: entry, optimum, status and version
 * change in one write, so a crash leaves nothing half done. No write depends on a previous read.
 *
 * Why this order is safe under any concurrency: while an entry is open, the state that the conditions test is
 * monotonic. An optimum stays and only improves; a recorded timeframe stays recorded.
 * - A result with trades: if it is refused as the new optimum, it is not better than the stored one and never will be,
 *   so the second write (the entry alone) succeeds.
 * - A result without trades: the plain entry succeeds unless it is the last one and nothing was traded. If it is
 *   refused, all others are recorded, so the finishing write succeeds, unless an optimum has been stored meanwhile; then
 *   the plain entry succeeds.
 */
export function resultWrites(recording: Recording): readonly (PutCommand | UpdateCommand)[] {
  const optimum = optimumOf(recording.outcome);
  const create = new PutCommand(createItem(recording, optimum));
  if (optimum !== null) {
    return [
      create,
      new UpdateCommand(setOptimum(recording, optimum)),
      new UpdateCommand(setEntry(recording, "attribute_exists(#optimal_timeframe)", "optimal_timeframe")),
    ];
  }
  const others = recording.timeframesOfScan.filter((name) => name !== recording.outcome.timeframe);
  const plain = new UpdateCommand(
    setEntry(
      recording,
      anyOf(
        "attribute_exists(#optimal_timeframe)",
        ...others.map((name) => `attribute_not_exists(#timeframes.#${name})`),
      ),
      "optimal_timeframe",
      ...others,
    ),
  );
  return [create, plain, new UpdateCommand(finishInactive(recording, others)), plain];
}

function initialStatus({ timeframesOfScan, outcome }: Recording, optimum: Optimum | null) {
  if (optimum !== null) return "active";
  return timeframesOfScan.every((name) => name === outcome.timeframe) ? "inactive" : "pending";
}

/** The coin's first finished timeframe of the scan creates the item. */
function createItem(recording: Recording, optimum: Optimum | null): PutCommandInput {
  const { identity, outcome, nowMs } = recording;
  const item: ResultsItem = {
    symbol: identity.symbol,
    scanTimestamp: identity.scanTimestamp,
    scanId: identity.scanId,
    volatility24h: twoDecimals(identity.volatility24h),
    turnover: twoDecimals(identity.turnover24h),
    price: identity.price,
    priceChange24h: twoDecimals(identity.priceChange24h),
    timeframes: { [outcome.timeframe]: roundedResult(outcome.result) },
    ...optimum,
    analyzerId: recording.analyzerId,
    createdAt: nowMs,
    updatedAt: nowMs,
    version: 1,
    status: initialStatus(recording, optimum),
    ttl: identity.scanTimestamp + RESULT_LIFE_SECONDS,
  };
  return {
    TableName: recording.tableName,
    Item: toWire(resultsItemSchema, item, "results item"),
    ConditionExpression: "attribute_not_exists(#symbol)",
    ExpressionAttributeNames: attributeNames("symbol"),
  };
}

/** The item exists and the timeframe has no entry, or a failed one that this success replaces. */
function entryIsOpen({ outcome }: Recording): string {
  const entry = `#timeframes.#${outcome.timeframe}`;
  const free = `attribute_not_exists(${entry})`;
  return allOf(
    "attribute_exists(#symbol)",
    outcome.result.status === "failed" ? free : anyOf(free, `${entry}.#status = :failed`),
  );
}

function setEntry(
  recording: Recording,
  condition: string,
  ...conditionAttributes: readonly string[]
): UpdateCommandInput & { UpdateExpression: string } {
  const { identity, outcome, nowMs } = recording;
  const replaces = outcome.result.status !== "failed";
  return {
    TableName: recording.tableName,
    Key: { symbol: identity.symbol, scan_timestamp: identity.scanTimestamp },
    UpdateExpression:
      `ADD #version :one SET #timeframes.#${outcome.timeframe} = :entry, ` +
      "#analyzer_id = :analyzer, #updated_at = :now",
    ConditionExpression: allOf(entryIsOpen(recording), condition),
    ExpressionAttributeNames: attributeNames(
      "version",
      "timeframes",
      outcome.timeframe,
      "analyzer_id",
      "updated_at",
      "symbol",
      ...(replaces ? ["status"] : []),
      ...conditionAttributes,
    ),
    ExpressionAttributeValues: {
      ":one": 1,
      ":entry": toWire(timeframeResultSchema, roundedResult(outcome.result), "timeframe result"),
      ":analyzer": recording.analyzerId,
      ":now": nowMs,
      ...(replaces ? { ":failed": "failed" } : {}),
    },
  };
}

/** The entry and the item's optimum, if it is the first or better in a total order. */
function setOptimum(recording: Recording, optimum: Optimum): UpdateCommandInput {
  // On equal figures the shorter timeframe wins: a fixed order makes the result independent of the arrival order.
  const longer = TIMEFRAMES.slice(TIMEFRAMES.indexOf(optimum.optimalTimeframe) + 1);
  const better = anyOf(
    "attribute_not_exists(#optimal_timeframe)",
    "#optimal_pnl < :pnl",
    "#optimal_pnl = :pnl AND #optimal_win_rate < :win_rate",
    ...(longer.length === 0
      ? []
      : [
          "#optimal_pnl = :pnl AND #optimal_win_rate = :win_rate AND " +
            `#optimal_timeframe IN (${longer.map((name) => `:longer_${name}`).join(", ")})`,
        ]),
  );
  const base = setEntry(recording, better, "optimal_timeframe", "optimal_pnl", "optimal_win_rate");
  const fields = toWire(optimumSchema, optimum, "optimum");
  const sets = Object.keys(fields).map((name) => `#${name} = :new_${name}`);
  const removes = optimum.trendAnalysis === undefined ? " REMOVE #trend_analysis" : "";
  return {
    ...base,
    UpdateExpression: `${base.UpdateExpression}, ${sets.join(", ")}, #status = :active${removes}`,
    ExpressionAttributeNames: {
      ...base.ExpressionAttributeNames,
      ...attributeNames(...Object.keys(fields), "status", "trend_analysis"),
    },
    ExpressionAttributeValues: {
      ...base.ExpressionAttributeValues,
      ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [`:new_${name}`, value])),
      ...Object.fromEntries(longer.map((name) => [`:longer_${name}`, name])),
      ":pnl": optimum.optimalPnl,
      ":win_rate": optimum.optimalWinRate,
      ":active": "active",
    },
  };
}

/** The last entry of a coin without trades in any timeframe. */
function finishInactive(recording: Recording, others: readonly Timeframe[]): UpdateCommandInput {
  const nothingLeft = allOf(
    "attribute_not_exists(#optimal_timeframe)",
    ...others.map((name) => `attribute_exists(#timeframes.#${name})`),
  );
  const base = setEntry(recording, nothingLeft, "optimal_timeframe", ...others);
  return {
    ...base,
    UpdateExpression: `${base.UpdateExpression}, #status = :inactive`,
    ExpressionAttributeNames: { ...base.ExpressionAttributeNames, ...attributeNames("status") },
    ExpressionAttributeValues: { ...base.ExpressionAttributeValues, ":inactive": "inactive" },
  };
}
