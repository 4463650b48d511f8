import type { z } from "zod";
import {
  type BacktestTask,
  backtestTaskSchema,
  type TradingSignal,
  tradingSignalSchema,
} from "./messages.ts";

/** A queue as data: adapters and infrastructure read it from here and nowhere else. */
export interface QueueDefinition<T> {
  readonly name: string;
  /** Where messages go that can never be processed, with the reason. */
  readonly deadLetterName: string;
  /** Where a message waits before it is retried. */
  readonly retryName: string;
  readonly schema: z.ZodType<T>;
  /** The id in the body, which is the message's `messageId` too. */
  readonly messageId: (message: T) => string;
  /** How often a message may be redelivered before it is dead-lettered. */
  readonly deliveryLimit: number;
  /** A message older than this is dropped by the broker, not dead-lettered; null: it never expires. */
  readonly messageTtlMs: number | null;
}

function define<T>(
  name: string,
  schema: z.ZodType<T>,
  messageId: (message: T) => string,
  messageTtlMs: number | null,
): QueueDefinition<T> {
  return {
    name,
    deadLetterName: `${name}.dead`,
    retryName: `${name}.retry`,
    schema,
    messageId,
    deliveryLimit: 5,
    messageTtlMs,
  };
}

export const BACKTEST_TASKS: QueueDefinition<BacktestTask> = define(
  "backtest-tasks",
  backtestTaskSchema,
  (task) => task.taskId,
  null,
);

/** A signal is valid for its minute only: an older one describes a market that has moved on. */
export const TRADING_SIGNALS: QueueDefinition<TradingSignal> = define(
  "trading-signals",
  tradingSignalSchema,
  (signal) => signal.signalId,
  60_000,
);

export const QUEUES = [BACKTEST_TASKS, TRADING_SIGNALS] as const;
