/** Prefix of every resource name that a user types or sees in the AWS console; defined only here. */
export const PREFIX = "crypto-backtest";

export const SERVICES = ["scanner", "analyzer", "selector", "finder"] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Version of the message schemas: every message carries it, and a consumer rejects any other. */
export const SCHEMA_VERSION = 1;
