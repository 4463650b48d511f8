/**
 * What goes wrong around the services and is put up with, as data: log lines, metrics, alarms and the README have it
 * from here. A fault is told in one line (what is wrong and what the service does is its message, `reason` has the
 * details, `remedy` says what a person can do) and counted under its metric.
 */
export interface Fault {
  /** Several faults with one remedy may share it. */
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
    message: "message did not work out: it waits and comes back",
    remedy: "none while it is rare; when it goes on, the reason names what is away",
  }),
  messageDead: fault({
    metric: "DeadLettered",
    message: "message cannot be worked on: it goes to the dead letters",
    remedy: "npm run -s dlq -- list",
  }),
  messageExpired: fault({
    metric: "StaleSignals",
    message: "message waited too long and is dropped: the next minute brings new ones",
    remedy: "when it goes on: more finders, or see why they are slow",
  }),
  signalStale: fault({
    metric: "StaleSignals",
    message: "signal is stale: not acted on",
    remedy:
      "when it goes on: more finders, or see why they are slow; do the clocks of selector, finder and exchange agree?",
  }),
  positionStale: fault({
    metric: "StaleSignals",
    message: "position is older than its life: not stored",
    remedy: "when it goes on: see why the finder is slow, or raise SIGNAL_MAX_AGE_SECONDS",
  }),
  symbolUnlisted: fault({
    metric: "UnlistedSignals",
    message: "the exchange does not list this symbol: its signal is discarded, as all after the first",
    remedy: "none: the first is among the dead letters, and no scan takes the coin again",
  }),
  brokerAway: fault({
    metric: "BrokerReconnects",
    message: "no connection to RabbitMQ: it is tried again without end, and the broker keeps the messages",
    remedy: "is the broker running, and reachable from here?",
  }),
  brokerBlocks: fault({
    metric: "BrokerBlocks",
    message: "RabbitMQ takes no messages: publishing waits",
    remedy: "it is short of memory or disk: do the consumers run, are the queues full?",
  }),
  publishRepeated: fault({
    metric: "PublishRetries",
    message: "RabbitMQ did not confirm a message: it is published again",
    remedy: "none while it is rare: a message that arrives twice changes nothing",
  }),
  exchangeFails: fault({
    metric: "ExchangeRetries",
    message: "call to the exchange failed: it is tried again",
    remedy: "none while it is rare; when it goes on, see the exchange's status page",
  }),
  exchangeThrottles: fault({
    metric: "ExchangeThrottles",
    message: "the exchange asks for fewer calls: all of them wait, then it is tried again",
    remedy: "lower BYBIT_REQUESTS_PER_SECOND, or use fewer tasks on one address",
  }),
  exchangeBans: fault({
    metric: "ExchangeBans",
    message: "the exchange bans this address: all calls stop for ten minutes, and the messages are kept",
    remedy: "lower BYBIT_REQUESTS_PER_SECOND; an address in the US or mainland China is always refused",
  }),
  databaseFails: fault({
    metric: "DatabaseRetries",
    message: "DynamoDB did not answer as it should: the request is sent again",
    remedy: "none while it is rare; when it goes on: is AWS_ENDPOINT_URL right, is the network up?",
  }),
  databaseThrottles: fault({
    metric: "DatabaseThrottles",
    message: "DynamoDB throttles: the request is sent again after a pause",
    remedy: "raise maxWriteUnits, or use fewer analyzers",
  }),
  runRepeated: fault({
    metric: "RunRetries",
    message: "the run did not work out: it is tried again",
    remedy: "none while it is rare; when it goes on, the reason names what is away",
  }),
  backtestFailed: fault({
    metric: "FailedBacktests",
    message: "backtest failed",
    remedy: "none: its timeframe is marked as failed, and the next scan tries the coin again",
  }),
} as const;

export type FaultMetric = (typeof FAULTS)[keyof typeof FAULTS]["metric"];

/** Each counts what happened since it was last published, and is published only when something did. */
export const FAULT_METRICS: readonly FaultMetric[] = [
  ...new Set(Object.values(FAULTS).map(({ metric }) => metric)),
];
