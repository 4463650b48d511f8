/** Everything a user types or sees in the AWS console starts with this; it stands here once. */
export const PREFIX = "crypto-backtest";

export const SERVICES = ["scanner", "analyzer", "selector", "finder"] as const;
export type ServiceName = (typeof SERVICES)[number];

/** The version of this code, stored with each position. The deployed image's git revision wins. */
export const SCHEMA_VERSION = 1;
