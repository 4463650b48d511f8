/**
 * The CloudWatch metrics that this system publishes itself, as data: the selector, which runs every minute,
 * puts them, and scaling, alarms and dashboard read them. Amazon MQ publishes nothing for a single queue of a
 * RabbitMQ 4 broker, hence these. All of them are published each minute, zeros too.
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
 * Messages that wait to be delivered, measured before the selector adds its own: what is left over from the
 * minute before, which is the work that the consumers did not manage.
 */
export const QUEUE_DEPTH: MetricDefinition = { name: "QueueDepth", unit: "Count" };

/** How long the oldest waiting message has waited; 0 when none waits. */
export const OLDEST_MESSAGE_AGE: MetricDefinition = { name: "OldestMessageAge", unit: "Seconds" };

/** Messages in the queue's dead-letter queue. */
export const DEAD_LETTERS: MetricDefinition = { name: "DeadLetters", unit: "Count" };

/** Each of these is published once for each queue, with the dimension above. */
export const QUEUE_METRICS = [QUEUE_DEPTH, OLDEST_MESSAGE_AGE, DEAD_LETTERS] as const;

/**
 * Time since a scan was last finished (its last backtest ended). Without a dimension. Not published while no
 * scan is known to have finished: to an alarm, silence is as bad as age.
 */
export const FINISHED_SCAN_AGE: MetricDefinition = { name: "FinishedScanAge", unit: "Seconds" };
