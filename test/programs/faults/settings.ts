/**
 * The moment at which every run takes place: the exchange's clock stands still, and so do the workers'. Half a
 * minute after the close of a candle of each timeframe, at which strategies of three coins find an entry.
 */
export const START_MS = Date.UTC(2026, 0, 15, 9, 30, 30);

/** A small world in which many strategies pass, so that a run is quick and has positions to lose. */
export const WORLD_SETTINGS = {
  TOP_N_COINS: "7",
  TIMEFRAMES: "5m,15m",
  BACKTEST_DAYS: "5m:2,15m:4",
  MIN_WIN_RATE: "0",
  MIN_PNL: "-100000",
  MIN_TRADES: "1",
  CODE_VERSION: "faults",
} as const;

/** What makes the real waits short; none of them changes what is computed. */
export const QUICK_SETTINGS = {
  PREFETCH_COUNT: "2",
  BYBIT_REQUESTS_PER_SECOND: "1000",
  BYBIT_TIMEOUT_SECONDS: "2",
  BYBIT_BAN_SECONDS: "2",
} as const;

/** Seconds. Half-open connections are noticed after two of them. */
export const HEARTBEAT_SECONDS = 2;

/** What no log line and no dead letter may show. The broker's has characters that a URL must encode. */
export const SECRETS = {
  brokerPassword: "gr4nd:S3cret/of@the%broker",
  awsSecret: "AWSsecretThatNobodyMayRead/0123456789+abc",
  awsToken: "FwoGtokenThatNobodyMayRead/AAAA==",
} as const;
