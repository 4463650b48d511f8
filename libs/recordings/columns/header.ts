import { InputError } from "../input-error.ts";
import type { RowKind } from "./row-kind.ts";

/** Which columns of a file a reader needs. Numbers are indexes of columns. */
export interface Header {
  readonly columns: number;
  /** Columns that could be the time, best name first. */
  readonly times: readonly number[];
  /** Of those, the ones whose name says that it is the time that is needed. */
  readonly namedTimes: ReadonlySet<number>;
  /** Of those, the ones whose name says that text in them is UTC. */
  readonly utcTimes: ReadonlySet<number>;
  /** A column of dates beside one of times of day. */
  readonly split: { readonly date: number; readonly clock: number } | null;
  /** The column of each value of the kind; -1: there is none. */
  readonly values: readonly number[];
  /** Says whether a candle has closed; -1: there is none. */
  readonly confirm: number;
  /** The coin; -1: there is none. */
  readonly symbol: number;
  /** The cells as they were written, null when the file has none. */
  readonly written: readonly string[] | null;
}

const CONFIRM_NAMES = [
  "confirm",
  "confirmed",
  "isconfirmed",
  "isclosed",
  "closed",
  "isfinal",
  "iscomplete",
  "complete",
  "x",
];
const SYMBOL_NAMES = ["symbol", "pair", "ticker", "instid", "instrument", "market", "coin", "contract", "s"];
/** Coins in which turnover is counted. */
const QUOTE_COINS = /^(?:usdt|usdc|usd|busd|fdusd|tusd|usde|dai|eur|gbp|jpy|krw|try|brl|aud|quote)$/;
/** "Volume MA" is no volume of a coin named MA. */
const NO_COIN = /^(?:ma|sma|ema|wma|average|avg|delta|change|profile|weighted|oscillator|osc|ratio|h)\d*$/;

/** A name without case, quotes, spaces and marks: "Volume USDT", `"volume_usdt"` and `<VOLUME USDT>` are one. */
export function plainName(name: string): string {
  const plain = name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  // "1. open"
  return plain.replace(/^\d+(?=\p{L})/u, "");
}

/** How many of the columns that a reader needs a row of names has. A row of values has none. */
export function countNames(cells: readonly string[], kind: RowKind): number {
  const names = cells.map(plainName);
  const known = [[...kind.timeNames, ...kind.otherTimeNames], ...kind.values.map((column) => column.names)];
  return known.filter((wanted) => names.some((name) => wanted.includes(name))).length;
}

/**
 * Understands a row of names.
 * @throws InputError when a column that is needed has no name, or two have the same one.
 */
export function readHeader(cells: readonly string[], kind: RowKind, where: string): Header {
  const names = cells.map(plainName);
  const named = ranked(names, kind.timeNames);
  const times = [...named, ...ranked(names, kind.otherTimeNames)];
  const values = kind.values.map(({ role, names: wanted }) => {
    const best = preferred(ranked(names, wanted), names, cells);
    assertOne(names, cells, best, role, where);
    return best;
  });
  withCoinVolumes(values, names, kind);
  const missing = kind.values.filter((column, k) => values[k] === -1 && !column.isOptional);
  if (times.length === 0 || missing.length > 0) {
    const roles = [...(times.length === 0 ? ["time"] : []), ...missing.map(({ role }) => role)];
    throw new InputError(
      `${where}: the header has no column for ${roles.join(", ")} (found ${shownCells(cells)}): ` +
        `name it, as in ${kind.exampleHeader}`,
    );
  }
  const best = preferred(times, names, cells);
  assertOne(names, cells, best, "time", where);
  const [date, clock] = [names.indexOf("date"), names.indexOf("time")];
  return {
    columns: cells.length,
    times: [best, ...times.filter((column) => column !== best)],
    namedTimes: new Set(named),
    utcTimes: new Set(times.filter((column) => /utc|gmt/.test(names[column] ?? ""))),
    split: date === -1 || clock === -1 ? null : { date, clock },
    values,
    confirm: ranked(names, CONFIRM_NAMES)[0] ?? -1,
    symbol: ranked(names, SYMBOL_NAMES)[0] ?? -1,
    written: cells,
  };
}

/** The columns of rows without names, or null when rows of so many columns have no known order. */
export function unnamedHeader(columns: number, kind: RowKind): Header | null {
  const roles = kind.unnamed.get(columns);
  if (roles === undefined) return null;
  return {
    columns,
    times: [roles.indexOf("time")],
    namedTimes: new Set(),
    utcTimes: new Set(),
    split: null,
    values: kind.values.map(({ role }) => roles.indexOf(role)),
    confirm: -1,
    symbol: -1,
    written: null,
  };
}

export function shownCells(cells: readonly string[]): string {
  return JSON.stringify(cells.join(",").slice(0, 120));
}

/** Indexes of the columns with one of the names, in the order of `wanted`. */
function ranked(names: readonly string[], wanted: readonly string[]): number[] {
  return wanted.flatMap((name) => names.flatMap((found, column) => (found === name ? [column] : [])));
}

/** Of columns whose names differ in case only ("t" and "T" in Binance's stream) the one in small letters. */
function preferred(columns: readonly number[], names: readonly string[], cells: readonly string[]): number {
  const [best = -1] = columns;
  const same = columns.filter((column) => names[column] === names[best]);
  return same.find((column) => cells[column] === names[best]) ?? best;
}

function assertOne(
  names: readonly string[],
  cells: readonly string[],
  column: number,
  role: string,
  where: string,
): void {
  const name = names[column];
  if (name === undefined) return;
  const same = cells.filter((_, k) => names[k] === name);
  if (
    same.length === 1 ||
    (same.filter((cell) => cell === cells[column]).length === 1 && cells[column] === name)
  )
    return;
  const twice = same.map((cell) => JSON.stringify(cell.slice(0, 40)));
  throw new InputError(
    `${where}: ${twice.join(" and ")} could both be the ${role}: rename the one that is not`,
  );
}

/** "Volume BTC" and "Volume USDT": the volume in the coin, and the turnover. */
function withCoinVolumes(values: number[], names: readonly string[], kind: RowKind): void {
  const volumeAt = kind.values.findIndex(({ role }) => role === "volume");
  const turnoverAt = kind.values.findIndex(({ role }) => role === "turnover");
  if (volumeAt === -1 || turnoverAt === -1) return;
  const ofCoins = names.flatMap((name, column) => {
    const coin = /^vol(?:ume)?([a-z0-9]+)$/.exec(name)?.[1];
    const isKnown = kind.values.some((value) => value.names.includes(name));
    return coin === undefined || isKnown || NO_COIN.test(coin) ? [] : [{ column, coin }];
  });
  const quote = ofCoins.findLast(({ coin }) => QUOTE_COINS.test(coin));
  const others = ofCoins.filter((one) => one !== quote);
  if (values[volumeAt] === -1) values[volumeAt] = others.shift()?.column ?? -1;
  if (values[turnoverAt] === -1) values[turnoverAt] = (quote ?? others[0])?.column ?? -1;
}
