/**
 * The CloudWatch metrics that this system publishes itself, as data. The selector runs every minute and publishes
 * them; scaling, alarms and the dashboard read them. They exist because Amazon MQ publishes no metrics for a single
 * queue of a RabbitMQ 4 broker. All of them are published every minute, including zeros.
 */
export const METRICS_NAMESPACE = "CryptoBacktest";

/** The dimension that names the queue; its value is a queue's name from queues.ts. */
export const QUEUE_DIMENSION = "Queue";

/** The dimension that names the service of a fault metric (see faults.ts). */
export const SERVICE_DIMENSION = "Service";

export interface MetricDefinition {
  readonly name: string;
  /** A CloudWatch unit. */
  readonly unit: "Count" | "Seconds";
}

/**
 * Messages ready for delivery, measured before the selector publishes its own: the backlog that the consumers left
 * from the previous minute.
 */
export const QUEUE_DEPTH: MetricDefinition = { name: "QueueDepth", unit: "Count" };

/** Age of the oldest message ready for delivery; 0 if there is none. */
export const OLDEST_MESSAGE_AGE: MetricDefinition = { name: "OldestMessageAge", unit: "Seconds" };

/** Messages in the queue's dead-letter queue. */
export const DEAD_LETTERS: MetricDefinition = { name: "DeadLetters", unit: "Count" };

/** Each of these is published per queue, with the dimension above. */
export const QUEUE_METRICS = [QUEUE_DEPTH, OLDEST_MESSAGE_AGE, DEAD_LETTERS] as const;

/**
 * Time since the latest finished scan (its last backtest ended). Without a dimension. Not published until a scan
 * has finished: the alarm treats missing data as breaching.
 */
export const FINISHED_SCAN_AGE: MetricDefinition = { name: "FinishedScanAge", unit: "Seconds" };
