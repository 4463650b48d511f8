import { PREFIX } from "./names.ts";

export interface TableKey {
  readonly partition: { readonly name: string; readonly type: "S" | "N" };
  readonly sort?: { readonly name: string; readonly type: "S" | "N" };
}

/** A table as data: adapters, the embedded database and infrastructure read it from here and nowhere else. */
export interface TableDefinition {
  readonly name: string;
  readonly key: TableKey;
  readonly indexes: Readonly<Record<string, TableKey>>;
  /** Attribute with the epoch second after which DynamoDB may delete the item (it may take days). */
  readonly ttlAttribute: "ttl";
}

const string = (name: string) => ({ name, type: "S" }) as const;
const number = (name: string) => ({ name, type: "N" }) as const;

export const RESULTS_TABLE: TableDefinition = {
  name: `${PREFIX}-results`,
  key: { partition: string("symbol"), sort: number("scan_timestamp") },
  indexes: {
    ScanIdIndex: { partition: string("scan_id"), sort: number("optimal_pnl") },
    OptimalTimeframeIndex: { partition: string("optimal_timeframe"), sort: number("optimal_pnl") },
    StatusIndex: { partition: string("status"), sort: number("scan_timestamp") },
  },
  ttlAttribute: "ttl",
};

export const POSITIONS_TABLE: TableDefinition = {
  name: `${PREFIX}-trading-positions`,
  key: { partition: string("symbol"), sort: number("signal_timestamp") },
  indexes: {
    StatusIndex: { partition: string("status"), sort: number("signal_timestamp") },
    ConfidenceIndex: { partition: string("status"), sort: number("confidence") },
  },
  ttlAttribute: "ttl",
};

export const SCAN_HISTORY_TABLE: TableDefinition = {
  name: `${PREFIX}-scan-history`,
  key: { partition: string("scan_id") },
  indexes: {},
  ttlAttribute: "ttl",
};

export const SIGNALS_TABLE: TableDefinition = {
  name: `${PREFIX}-signals`,
  key: { partition: string("day"), sort: string("signal_key") },
  indexes: {
    /** Sparse: only signals that are still followed have the attribute `open`. */
    OpenIndex: { partition: string("open"), sort: number("signal_timestamp") },
    SymbolIndex: { partition: string("symbol"), sort: number("signal_timestamp") },
  },
  ttlAttribute: "ttl",
};

export const TABLES = [RESULTS_TABLE, POSITIONS_TABLE, SCAN_HISTORY_TABLE, SIGNALS_TABLE] as const;
