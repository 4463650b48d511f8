/**
 * What fails around the services, as data: log lines, metrics, alarms and the README read it from here. A fault is
 * logged on one line and counted under its metric. Its message says what failed and what the service does, `reason` has
 * the details, `remedy` says what an operator can do.
 */
export interface Fault {
  /** Faults with the same remedy may share a metric. */
  readonly metric: string;
  readonly message: string;
  readonly remedy: string;
}

function fault<const F extends Fault>(definition: F): F {
  return definition;
}

export const FAULTS = {
  messageRetried: fault({
    metric: "MessageRetries",
    message: "message failed: will be retried",
    remedy: "ignore it if rare; if it persists, `reason` names the unavailable dependency",
  }),
  messageDead: fault({
    metric: "DeadLettered",
    message: "message dead-lettered: it can never be processed",
    remedy: "npm run -s dlq -- list",
  }),
  messageExpired: fault({
    metric: "StaleSignals",
    message: "message expired in the queue: dropped",
    remedy: "if it persists: run more finders, or find out why they are slow",
  }),
  signalStale: fault({
    metric: "StaleSignals",
    message: "signal is stale: skipped",
    remedy:
      "if it persists: run more finders, or find out why they are slow; check that the clocks of selector, finder and exchange agree",
  }),
  positionStale: fault({
    metric: "StaleSignals",
    message: "position expired before it was stored: discarded",
    remedy: "if it persists: find out why the finder is slow, or raise SIGNAL_MAX_AGE_SECONDS",
  }),
  symbolUnlisted: fault({
    metric: "UnlistedSignals",
    message: "symbol is not listed on the exchange: signal discarded",
    remedy: "none: the first signal of the symbol is in the dead-letter queue, and scans no longer select it",
  }),
  brokerAway: fault({
    metric: "BrokerReconnects",
    message: "not connected to RabbitMQ: reconnecting",
    remedy: "check that the broker is running and reachable; it keeps the messages meanwhile",
  }),
  brokerBlocks: fault({
    metric: "BrokerBlocks",
    message: "RabbitMQ blocks publishers: publishing is paused",
    remedy: "the broker is low on memory or disk: check that consumers are running and queues are not full",
  }),
  brokerRefusesQueue: fault({
    metric: "BrokerRefusals",
    message: "RabbitMQ refuses a queue, which exists with other arguments: the service ends",
    remedy:
      "move its messages and delete that queue, or remove the policy or plugin that changes it, or use another virtual host",
  }),
  brokerRefusesUser: fault({
    metric: "BrokerRefusals",
    message: "RabbitMQ refuses the user: the service ends",
    remedy:
      "check user and password in RABBITMQ_URL (or RABBITMQ_USER and RABBITMQ_PASS) and the user's configure, write and read permissions",
  }),
  brokerRefusesVirtualHost: fault({
    metric: "BrokerRefusals",
    message: "RabbitMQ refuses the virtual host: the service ends",
    remedy:
      "check the virtual host in RABBITMQ_URL: create it, give the user permissions in it, or raise its connection limit",
  }),
  publishRepeated: fault({
    metric: "PublishRetries",
    message: "RabbitMQ did not confirm a message: publishing it again",
    remedy: "ignore it if rare: processing is idempotent, so duplicates are harmless",
  }),
  exchangeFails: fault({
    metric: "ExchangeRetries",
    message: "exchange request failed: retrying",
    remedy: "ignore it if rare; if it persists, see the exchange's status page",
  }),
  exchangeThrottles: fault({
    metric: "ExchangeThrottles",
    message: "exchange rate limit reached: all requests wait, then retry",
    remedy: "lower BYBIT_REQUESTS_PER_SECOND, or run fewer tasks on one IP address",
  }),
  exchangeBans: fault({
    metric: "ExchangeBans",
    message: "exchange banned this IP address: all requests are suspended, messages are kept",
    remedy: "lower BYBIT_REQUESTS_PER_SECOND; addresses in the US and mainland China are always refused",
  }),
  databaseFails: fault({
    metric: "DatabaseRetries",
    message: "DynamoDB request failed: retrying",
    remedy: "ignore it if rare; if it persists, check AWS_ENDPOINT_URL and the network",
  }),
  databaseThrottles: fault({
    metric: "DatabaseThrottles",
    message: "DynamoDB throttled a request: retrying after a pause",
    remedy: "raise maxWriteUnits, or run fewer analyzers",
  }),
  pulseMissed: fault({
    metric: "StatusWriteFailures",
    message: "status pulse not stored: the next one carries the same counters",
    remedy: "ignore it if rare; if it persists, `reason` names the unavailable dependency",
  }),
  selectionNotStored: fault({
    metric: "StatusWriteFailures",
    message: "selection not stored: its signals are published, the next minute tries again",
    remedy: "ignore it if rare; if it persists, `reason` names the unavailable dependency",
  }),
  runRepeated: fault({
    metric: "RunRetries",
    message: "run failed: retrying",
    remedy: "ignore it if rare; if it persists, `reason` names the unavailable dependency",
  }),
  signalsNotFollowed: fault({
    metric: "FollowFailures",
    message: "a symbol's open signals could not be followed: the next minute tries again",
    remedy: "ignore it if rare; if it persists, `reason` says what the exchange answers",
  }),
  backtestFailed: fault({
    metric: "FailedBacktests",
    message: "backtest failed",
    remedy: "none: the timeframe is marked as failed, and the next scan backtests the coin again",
  }),
} as const;

export type FaultMetric = (typeof FAULTS)[keyof typeof FAULTS]["metric"];

/** Each counts the faults since it was last published, and is published only when there were any. */
export const FAULT_METRICS: readonly FaultMetric[] = [
  ...new Set(Object.values(FAULTS).map(({ metric }) => metric)),
];
