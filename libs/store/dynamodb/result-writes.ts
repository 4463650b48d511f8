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
 * The conditional writes of which exactly one takes effect when the timeframe's entry is still open, and none
 * when it is not: they are sent in this order until one is not refused. Each leaves a whole item: entry,
 * optimum, status and version change in one write, so there is nothing a crash could leave half done and
 * nothing to repair. No write depends on something read before.
 *
 * Why trying in order is safe under any concurrency: while an entry is open, what the conditions ask about
 * only moves one way. An optimum, once there, stays and only gets better; a recorded timeframe stays recorded.
 * - A result with trades: refused as new optimum, it is not better than the stored one and never will be, so
 *   the second write, entry alone, holds.
 * - A result without: the plain entry holds unless it is the last one and nothing was traded. Refused there,
 *   all others are recorded, so the finishing write holds, unless an optimum has come up meanwhile; then the
 *   plain entry holds for good.
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

/** The scan's first finished timeframe of the coin brings the item into being. */
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

/** The item is there and the timeframe has no entry, or a failed one and this is no failure. */
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

/** The entry and, with it, the item's optimum: when it is the first, or better in a total order. */
function setOptimum(recording: Recording, optimum: Optimum): UpdateCommandInput {
  // On equal figures the shorter timeframe wins: any fixed order would do, so that no arrival order shows.
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

/** The last entry of a coin in which no timeframe has traded. */
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
