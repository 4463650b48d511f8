/** Prefix of every resource name that a user types or sees in the AWS console; defined only here. */
export const PREFIX = "crypto-backtest";

/** Version of the message schemas: every message carries it, and a consumer rejects any other. */
export const SCHEMA_VERSION = 1;
