import type { UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Timeframe } from "#libs/candles/timeframe.ts";
import type { ScanItem } from "#libs/contracts/scan-item.ts";
import type { TaskEnd } from "../scan-store.ts";
import { allOf, attributeNames } from "./requests/expression.ts";

export interface EndedTask {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly end: TaskEnd;
  readonly nowMs: number;
}

type Update = Omit<UpdateCommandInput, "TableName" | "Key">;

/** Where each kind of end is stored: the set of tasks that ended so, and their number. */
const SETS: Readonly<Record<TaskEnd, { readonly set: string; readonly count: string }>> = {
  completed: { set: "completed", count: "completed_tasks" },
  no_trades: { set: "no_trades", count: "no_trades_tasks" },
  failed: { set: "failed", count: "failed_tasks" },
};

/**
 * The conditional updates of which at most one takes effect: they are sent in order until one succeeds. Set, counts
 * and, for the last task, the scan's end change in one write. A task moves from no set to one, and from `failed` to
 * another at most once, so an update that was refused would be refused again:
 * 1. not counted yet, and others are pending; 2. not counted yet, and the last one pending;
 * 3. counted as failed, and now a success. A task of another scan is not counted.
 */
export function taskEndWrites(task: EndedTask): readonly Update[] {
  const last = countedFirst(task, "#pending_tasks = :one");
  const writes = [countedFirst(task, "#pending_tasks > :one"), withScanEnd(last, task.nowMs)];
  return task.end === "failed" ? writes : [...writes, movedFromFailed(task)];
}

function common(task: EndedTask) {
  const { set, count } = SETS[task.end];
  const key = `${task.symbol}:${task.timeframe}`;
  return {
    adds: `ADD #${set} :keys, #${count} :one`,
    names: attributeNames("completed", "no_trades", "failed", count, "selected", "timeframes"),
    values: {
      ":key": key,
      ":keys": new Set([key]),
      ":one": 1,
      ":minus": -1,
      ":symbol": task.symbol,
      ":timeframe": task.timeframe,
    },
    isMember: "contains(#selected, :symbol) AND contains(#timeframes, :timeframe)",
    noSuccess: "NOT contains(#completed, :key) AND NOT contains(#no_trades, :key)",
  };
}

function countedFirst(task: EndedTask, pending: string): Update {
  const { adds, names, values, isMember, noSuccess } = common(task);
  return {
    UpdateExpression: `${adds}, #pending_tasks :minus`,
    ConditionExpression: allOf(isMember, noSuccess, "NOT contains(#failed, :key)", pending),
    ExpressionAttributeNames: { ...names, ...attributeNames("pending_tasks") },
    ExpressionAttributeValues: values,
  };
}

function withScanEnd(update: Update, nowMs: number): Update {
  return {
    ...update,
    UpdateExpression:
      `${update.UpdateExpression} SET #status = :done, #completed_at = :now, ` +
      "#duration = :now - #started_at",
    ExpressionAttributeNames: {
      ...update.ExpressionAttributeNames,
      ...attributeNames("status", "completed_at", "duration", "started_at"),
    },
    ExpressionAttributeValues: {
      ...update.ExpressionAttributeValues,
      ":done": "completed" satisfies ScanItem["status"],
      ":now": nowMs,
    },
  };
}

function movedFromFailed(task: EndedTask): Update {
  const { adds, names, values, isMember, noSuccess } = common(task);
  return {
    UpdateExpression: `${adds}, #failed_tasks :minus DELETE #failed :keys`,
    ConditionExpression: allOf(isMember, noSuccess, "contains(#failed, :key)"),
    ExpressionAttributeNames: { ...names, ...attributeNames("failed_tasks") },
    ExpressionAttributeValues: values,
  };
}
