import { isTimeframe, MINUTE_MS, timeframeMs } from "#libs/candles/timeframe.ts";
import { FAULTS } from "#libs/contracts/faults.ts";
import type { LogTail } from "./log-tail.ts";

/** What a day has done, from what the services say at the end of each piece of work. */
export interface DayCounts {
  scans: number;
  /** How often an analyzer has come to an end with a task. */
  taskEnds: number;
  /** Milliseconds from taking a task to its stored result. */
  readonly taskMs: number[];
  selectorRuns: number;
  signalsPublished: number;
  /** How often a finder has come to an end with a signal, by its id. */
  readonly signals: Map<string, number>;
  /** How many tasks and signals came to which end. */
  readonly ends: Map<string, number>;
  /** Keys of the positions that must be there: each entry found, whether its position was new or not. */
  readonly entries: Set<string>;
  /**
   * Milliseconds from the close of a candle until its position was in the table, for candles that closed at the
   * minute of their signal. An entry may be older: its strategy was selected only now.
   */
  readonly latenciesMs: number[];
  /** The same until the finder's decision, entry or none, which there are many of. */
  readonly decisionsMs: number[];
  olderEntries: number;
  /** Lines above the level info, by process, message and reason. */
  readonly complaints: Map<string, number>;
  logBytes: number;
  /** Real time in which tasks and signals were worked on. */
  taskSeconds: number;
  signalSeconds: number;
}

export function emptyCounts(): DayCounts {
  return {
    scans: 0,
    taskEnds: 0,
    taskMs: [],
    selectorRuns: 0,
    signalsPublished: 0,
    signals: new Map(),
    ends: new Map(),
    entries: new Set(),
    latenciesMs: [],
    decisionsMs: [],
    olderEntries: 0,
    complaints: new Map(),
    logBytes: 0,
    taskSeconds: 0,
    signalSeconds: 0,
  };
}

/** As in `positionKey` of the table: a symbol and the second in which its candle closed. */
export function positionKey(symbol: string, signalTimestamp: number): string {
  return `${symbol}@${signalTimestamp}`;
}

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly reason?: string;
  readonly signalId?: string;
  readonly signals?: number;
  readonly milliseconds?: number;
}

const TASK_ENDS: Readonly<Record<string, string>> = {
  "backtest stored": "backtest stored",
  "backtest already stored": "backtest stored before",
  "backtest failed": "backtest failed",
  "scan has expired: result not stored": "backtest of a scan that has expired",
};

interface SignalEnd {
  readonly name: string;
  readonly entry: boolean;
}
const STORED: SignalEnd = { name: "position stored", entry: true };
const SIGNAL_ENDS: Readonly<Record<string, SignalEnd>> = {
  "[3/4] no entry": { name: "no entry", entry: false },
  "position stored": STORED,
  "position already stored": { name: "position stored before", entry: true },
  "symbol already has a position for this candle": {
    name: "position of another strategy",
    entry: true,
  },
  [FAULTS.signalStale.message]: { name: "stale signal", entry: false },
  [FAULTS.positionStale.message]: { name: "stale entry", entry: false },
  "no entry: last candle closed too long ago": { name: "candle too old", entry: false },
};
/** Logged as a warning although it is normal. */
const NO_COMPLAINT = new Set(["symbol already has a position for this candle"]);

/** Reads what a service has written since the last time. */
export function readLog(
  service: { readonly name: string; readonly log: Pick<LogTail, "read"> },
  counts: DayCounts,
): void {
  for (const text of service.log.read()) {
    counts.logBytes += text.length + 1;
    // The selector tells each strategy each minute: to parse that would take longer than what is measured.
    if (text.endsWith('"msg":"refused"}') || text.endsWith('"msg":"taken"}')) continue;
    if (!text.startsWith("{")) {
      add(counts.complaints, `${service.name}: ${text.slice(0, 300)}`);
      continue;
    }
    count(service.name, JSON.parse(text) as Line, counts);
  }
}

function count(service: string, line: Line, counts: DayCounts): void {
  if (line.level !== "info" && !NO_COMPLAINT.has(line.msg)) {
    const reason = line.reason === undefined ? "" : ` (${line.reason})`;
    add(counts.complaints, `${service}: ${line.msg}${reason}`);
  }
  const taskEnd = TASK_ENDS[line.msg];
  const signalEnd = SIGNAL_ENDS[line.msg];
  if (taskEnd !== undefined) {
    counts.taskEnds += 1;
    if (line.milliseconds !== undefined) counts.taskMs.push(line.milliseconds);
    add(counts.ends, taskEnd);
  } else if (signalEnd !== undefined && line.signalId !== undefined) {
    add(counts.signals, line.signalId);
    add(counts.ends, signalEnd.name);
    countDecision(line.signalId, signalEnd, Date.parse(line.time), counts);
  } else if (line.msg === "signals published") {
    counts.selectorRuns += 1;
    counts.signalsPublished += line.signals ?? 0;
  } else if (line.msg === "backtest tasks published") {
    counts.scans += 1;
  }
}

/** The id of a signal is `symbol:timeframe:strategy:minute`; the candle is the last that had closed by then. */
function countDecision(signalId: string, end: SignalEnd, endedMs: number, counts: DayCounts): void {
  const [symbol = "", timeframe = "", , minute = ""] = signalId.split(":");
  if (!isTimeframe(timeframe)) throw new Error(`no timeframe in the signal id ${signalId}`);
  const issuedMs = Number(minute) * MINUTE_MS;
  const closedMs = Math.floor(issuedMs / timeframeMs(timeframe)) * timeframeMs(timeframe);
  const fresh = closedMs === issuedMs;
  if (fresh) counts.decisionsMs.push(endedMs - closedMs);
  if (end.entry) counts.entries.add(positionKey(symbol, closedMs / 1000));
  if (end !== STORED) return;
  if (fresh) counts.latenciesMs.push(endedMs - closedMs);
  else counts.olderEntries += 1;
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
