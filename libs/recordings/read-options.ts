/** What a reader has to know about a file that the file itself may not say. */
export interface ReadOptions {
  /** Now, in milliseconds: candles that end later have not closed and are left out. Default: all have closed. */
  readonly nowMs?: number;
  /** The zone of times that are written as text without one: UTC, +09:00 or Asia/Seoul. */
  readonly timeZone?: string;
}

/** Whether a gap ends the reading or one segment. */
export const GAP_POLICIES = ["refuse", "split"] as const;
export type GapPolicy = (typeof GAP_POLICIES)[number];
