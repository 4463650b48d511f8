import type { CandleShape } from "../indicators/candle-shape.ts";
import type { Gate, TriggerCondition, TriggerConditions } from "./gate.ts";

/** What a gate looks at, one value a candle. */
export interface GateColumns {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly rsi: Float64Array;
  /** Empty when unknown. */
  readonly btcClose: Float64Array;
  /** Add to an index of the symbol to get BTC's candle with the same open time. */
  readonly btcOffset: number;
}

/** Candles scanned at once: few enough that the lists and the columns' segment stay in the L1 cache. */
const CHUNK = 4096;
/** Candles tested before the first branch. */
const GROUP = 4;
/** A necessary condition may be met a little too early, never too late. */
const SLACK = 1 - 1e-9;
/** The same, as a fraction of the price. */
const SHAPE_SLACK = 1e-9;

/**
 * Lists the candles of a chunk at which a gate is open. Whether a trigger is open is a coin toss to the processor, and
 * a branch on a coin toss costs more than all the arithmetic here. So there is none: each candle is written to the
 * list, and the list grows by 0 or 1. A cheap condition makes a first list, and only its candles are tested further.
 */
export class GateScan {
  readonly #columns: GateColumns;
  readonly #list = new Int32Array(CHUNK);
  #gate: Gate | null = null;
  /** The list is of the candles `[from, until)`. */
  #from = 0;
  #until = 0;
  #count = 0;
  /** Entries before this one are of candles before `#asked`. */
  #position = 0;
  #asked = 0;

  constructor(columns: GateColumns) {
    this.#columns = columns;
  }

  /** First candle that has not been scanned. */
  get until(): number {
    return this.#until;
  }

  /** Whether the list belongs to this gate and a segment that contains this candle. */
  covers(gate: Gate, i: number): boolean {
    return gate === this.#gate && i >= this.#from && i < this.#until;
  }

  /** First candle from `i` on, and before `until`, at which the gate is open; `until` when there is none. */
  next(i: number): number {
    const list = this.#list;
    let k = i < this.#asked ? 0 : this.#position;
    while (k < this.#count && (list[k] as number) < i) k++;
    this.#position = k;
    this.#asked = i;
    return k < this.#count ? (list[k] as number) : this.#until;
  }

  /**
   * Makes the list for a chunk that starts at `from` and ends at `end` or before.
   * @param conditions of the triggers, the same for all these candles
   */
  scan(from: number, end: number, gate: Gate, conditions: TriggerConditions): void {
    const { btcClose, btcOffset } = this.#columns;
    const btcBack = (gate.conditions?.btcWindow ?? 1) - 1;
    // BTC has moved where its candles are known: a chunk lies inside that segment or outside of it.
    const knownFrom = btcBack - btcOffset;
    const knownUntil = btcClose.length - btcOffset;
    const isKnown = from >= knownFrom && from < knownUntil;
    const border = isKnown ? knownUntil : from < knownFrom && knownFrom < knownUntil ? knownFrom : end;
    // Indexes that come from a division or a rounding may be held as floating point, which slows each loop down.
    const until = Math.min(end, border, from + CHUNK) | 0;
    this.#gate = gate;
    this.#from = from;
    this.#until = until;
    this.#position = 0;
    this.#asked = from;
    this.#count = this.#listOpen(
      from | 0,
      until,
      gate,
      isKnown ? conditions : withoutBtc(conditions),
      isKnown,
    );
  }

  #listOpen(
    from: number,
    until: number,
    gate: Gate,
    conditions: TriggerConditions,
    btcKnown: boolean,
  ): number {
    const columns = this.#columns;
    const list = this.#list;
    const { rise, fall, oversold, overbought } = conditions;
    const rsiOpens = gate.rsiAtMost > Number.NEGATIVE_INFINITY || gate.rsiAtLeast < Number.POSITIVE_INFINITY;
    const triggers = rsiOpens ? [rise, fall, oversold, overbought] : [rise, fall];
    if (triggers.every((need) => need === "closed")) return 0;
    const movesOpen =
      gate.changePercent < Number.POSITIVE_INFINITY && (rise !== "closed" || fall !== "closed");
    if (rsiOpens && !movesOpen && oversold !== "btc" && overbought !== "btc") {
      const atMost = oversold === "closed" ? Number.NEGATIVE_INFINITY : gate.rsiAtMost;
      const atLeast = overbought === "closed" ? Number.POSITIVE_INFINITY : gate.rsiAtLeast;
      return listExtremes(columns.rsi, from, until, atMost, atLeast, list);
    }

    const btc: BtcMove = btcKnown
      ? {
          close: columns.btcClose,
          offset: columns.btcOffset | 0,
          back: (gate.conditions?.btcWindow ?? 1) - 1,
          limit: fraction(gate.conditions?.btcPercent ?? 0),
        }
      : { close: columns.close, offset: 0, back: 0, limit: 0 };
    let count: number;
    if (!triggers.includes("nothing")) {
      count = listMoves(btc.close, btc.offset, from, until, btc.back, btc.limit, list);
    } else if (rsiOpens) {
      count = listAll(from, until, list);
    } else {
      const limit = fraction(gate.changePercent);
      count = listMoves(columns.close, 0, from, until, gate.changeWindow - 1, limit, list);
    }
    if (rsiOpens || gate.conditions !== undefined)
      count = keepOpenTriggers(list, count, columns, gate, conditions, btc);
    // RSI alone may open the gate to any shape.
    if (gate.candle !== undefined && gate.changePercent > 0 && !rsiOpens) {
      count = keepShapes(list, count, columns, gate.changeWindow - 1, gate.candle);
    }
    return count;
  }
}

/** The move of BTC that opens a trigger, as a fraction, from `back` candles before. */
interface BtcMove {
  readonly close: Float64Array;
  readonly offset: number;
  readonly back: number;
  readonly limit: number;
}

function fraction(percent: number): number {
  return (percent / 100) * SLACK;
}

function withoutBtc(conditions: TriggerConditions): TriggerConditions {
  const known = (need: TriggerCondition): TriggerCondition => (need === "btc" ? "closed" : need);
  return {
    ...conditions,
    rise: known(conditions.rise),
    fall: known(conditions.fall),
    oversold: known(conditions.oversold),
    overbought: known(conditions.overbought),
  };
}

function listAll(from: number, until: number, list: Int32Array): number {
  for (let i = from; i < until; i++) list[i - from] = i;
  return until - from;
}

// The loops below read columns by index: the caller has checked the bounds, hence `as number`. V8 would inline a
// shared accessor, but test at each read that it is still the same function, which here costs as much as the rest.

/** The candles over which `values` moved by the limit, up or down. Products, as a division takes longer. */
function listMoves(
  values: Float64Array,
  offset: number,
  from: number,
  until: number,
  back: number,
  limit: number,
  list: Int32Array,
): number {
  let count = 0;
  const rest = from + ((until - from) % GROUP);
  let i = from;
  for (; i < rest; i++) {
    const before = values[i + offset - back] as number;
    list[count] = i;
    count += +(Math.abs((values[i + offset] as number) - before) >= before * limit);
  }
  // Moves come in clusters: most groups have none, and one branch that can be foreseen passes them by.
  for (; i < until; i += GROUP) {
    const j = i + offset;
    const k = j - back;
    const before0 = values[k] as number;
    const before1 = values[k + 1] as number;
    const before2 = values[k + 2] as number;
    const before3 = values[k + 3] as number;
    const first = +(Math.abs((values[j] as number) - before0) >= before0 * limit);
    const second = +(Math.abs((values[j + 1] as number) - before1) >= before1 * limit);
    const third = +(Math.abs((values[j + 2] as number) - before2) >= before2 * limit);
    const fourth = +(Math.abs((values[j + 3] as number) - before3) >= before3 * limit);
    if ((first | second | third | fourth) === 0) continue;
    list[count] = i;
    count += first;
    list[count] = i + 1;
    count += second;
    list[count] = i + 2;
    count += third;
    list[count] = i + 3;
    count += fourth;
  }
  return count;
}

/** The candles whose value is at most one limit or at least the other. */
function listExtremes(
  values: Float64Array,
  from: number,
  until: number,
  atMost: number,
  atLeast: number,
  list: Int32Array,
): number {
  let count = 0;
  const rest = from + ((until - from) % GROUP);
  let i = from;
  for (; i < rest; i++) {
    const value = values[i] as number;
    list[count] = i;
    count += +(value <= atMost) | +(value >= atLeast);
  }
  // Extremes come in clusters, as moves do.
  for (; i < until; i += GROUP) {
    const value0 = values[i] as number;
    const value1 = values[i + 1] as number;
    const value2 = values[i + 2] as number;
    const value3 = values[i + 3] as number;
    const first = +(value0 <= atMost) | +(value0 >= atLeast);
    const second = +(value1 <= atMost) | +(value1 >= atLeast);
    const third = +(value2 <= atMost) | +(value2 >= atLeast);
    const fourth = +(value3 <= atMost) | +(value3 >= atLeast);
    if ((first | second | third | fourth) === 0) continue;
    list[count] = i;
    count += first;
    list[count] = i + 1;
    count += second;
    list[count] = i + 2;
    count += third;
    list[count] = i + 3;
    count += fourth;
  }
  return count;
}

/** Keeps the candles at which a trigger is open, their shape aside. */
function keepOpenTriggers(
  list: Int32Array,
  listed: number,
  columns: GateColumns,
  gate: Gate,
  conditions: TriggerConditions,
  btc: BtcMove,
): number {
  const { close, rsi } = columns;
  const { riseRsiAtMost, fallRsiAtLeast } = conditions;
  const { close: btcClose, offset, back: btcBack, limit: btcLimit } = btc;
  const back = gate.changeWindow - 1;
  const limit = fraction(gate.changePercent);
  const riseLimit = conditions.rise === "closed" ? Number.POSITIVE_INFINITY : limit;
  const fallLimit = conditions.fall === "closed" ? Number.POSITIVE_INFINITY : limit;
  const rsiAtMost = conditions.oversold === "closed" ? Number.NEGATIVE_INFINITY : gate.rsiAtMost;
  const rsiAtLeast = conditions.overbought === "closed" ? Number.POSITIVE_INFINITY : gate.rsiAtLeast;
  const riseFree = +(conditions.rise === "nothing");
  const fallFree = +(conditions.fall === "nothing");
  const oversoldFree = +(conditions.oversold === "nothing");
  const overboughtFree = +(conditions.overbought === "nothing");
  let count = 0;
  for (let k = 0; k < listed; k++) {
    const i = list[k] as number;
    const value = rsi[i] as number;
    const before = close[i - back] as number;
    const change = (close[i] as number) - before;
    const btcBefore = btcClose[i + offset - btcBack] as number;
    const btcChange = (btcClose[i + offset] as number) - btcBefore;
    const btcUp = +(btcChange >= btcBefore * btcLimit);
    const btcDown = +(-btcChange >= btcBefore * btcLimit);
    // Not "at most": RSI may be unknown.
    const rises = +(change >= before * riseLimit) & (+(value > riseRsiAtMost) ^ 1) & (btcUp | riseFree);
    const falls = +(-change >= before * fallLimit) & (+(value < fallRsiAtLeast) ^ 1) & (btcDown | fallFree);
    const long = rises | (+(value <= rsiAtMost) & (btcUp | oversoldFree));
    const short = falls | (+(value >= rsiAtLeast) & (btcDown | overboughtFree));
    list[count] = i;
    count = (count + (long | short)) | 0;
  }
  return count;
}

/** Of candles that have risen or fallen, keeps those whose shape fits. */
function keepShapes(
  list: Int32Array,
  listed: number,
  columns: GateColumns,
  back: number,
  shape: CandleShape,
): number {
  const { open, high, low, close } = columns;
  const { minimumBody, longShadow, shortShadow } = shape;
  let count = 0;
  for (let k = 0; k < listed; k++) {
    const i = list[k] as number;
    const now = close[i] as number;
    const opened = open[i] as number;
    const move = now - opened;
    const size = Math.abs(move);
    const slack = opened * SHAPE_SLACK;
    const body = opened * minimumBody - slack;
    const below = (opened + now - size) * 0.5 - (low[i] as number);
    const above = (high[i] as number) - (opened + now + size) * 0.5;
    const long = longShadow * size - slack;
    const short = shortShadow * size + slack;
    const bullish = +(move >= body) | (+(below >= long) & +(above <= short));
    const bearish = +(-move >= body) | (+(above >= long) & +(below <= short));
    const rises = +(now >= (close[i - back] as number));
    list[count] = i;
    count = (count + ((rises & bullish) | ((rises ^ 1) & bearish))) | 0;
  }
  return count;
}
