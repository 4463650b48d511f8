import { OBJECTIVES } from "#libs/backtest/search/objective.ts";
import { type Score, sharpeOf } from "#libs/backtest/search/score.ts";
import { type Earned, pnlPerDay, type SearchResult } from "#libs/backtest/search/search-result.ts";
import type { Segment } from "#libs/backtest/search/walk-forward.ts";
import { openTimeMs } from "#libs/candles/candles.ts";
import { DAY_MS } from "#libs/candles/timeframe.ts";
import { coverageLines } from "../shared/coverage-text.ts";
import { rulesLines } from "../shared/rules-text.ts";
import { wrapped } from "../shared/wrap.ts";
import { absentFrames } from "./absent-frames.ts";
import { type SearchSubject, searchesStop, valuesByName, whyNoSetTrades } from "./search-subject.ts";

const UNDEFINED = "-";

/** How the search went, for the last line. */
export interface SearchRun {
  /** Sets of each window to list. */
  readonly top: number;
  readonly threads: number;
  readonly elapsedMs: number;
}

const ROWS: readonly (readonly [string, (earned: Earned) => string])[] = [
  ["Days", (e) => e.days.toFixed(1)],
  ["Trades", (e) => `${e.figures.totalTrades}`],
  ["Win rate", (e) => fixed(e.figures.winRate, 1, " %")],
  ["PnL", (e) => money(e.figures.totalPnl)],
  ["PnL per day", (e) => money(pnlPerDay(e))],
  ["PnL per trade", (e) => money(mean(e))],
  ["Profit factor", (e) => fixed(e.figures.profitFactor, 2)],
  ["Max drawdown", (e) => money(e.figures.maxDrawdown)],
  ["Sharpe per trade", (e) => fixed(e.sharpe, 3)],
  ["Open at the end", (e) => `${e.open}`],
  ["Worth of those", (e) => (e.open === 0 ? UNDEFINED : money(e.openPnl))],
];

/** A search as a trader reads it: each window's choice, in-sample beside out-of-sample, and how far to trust it. */
export function optimizeReport(subject: SearchSubject, result: SearchResult, run: SearchRun): string {
  return [
    ...heading(subject),
    "",
    table([
      ["window traded", "chosen on", "in-sample", "", "", "", "out-of-sample", "", "", "", "better"],
      ["", "days before", "trades", "win", "PnL", "Sharpe", "trades", "win", "PnL", "Sharpe", "than"],
      ...result.windows.map(({ window, inSample, outOfSample, betterThanPercent }) => [
        span(subject, window.test),
        days(subject, window.train),
        ...cells(inSample),
        ...cells(outOfSample),
        fixed(betterThanPercent, 0, " %"),
      ]),
    ]),
    ...openPositions(subject, result),
    "",
    table([
      ["chosen", ...result.windows.map(({ window }) => date(subject, window.test.from)), "next"],
      ...subject.searched.map(({ name }) => [
        name,
        ...result.windows.map(({ ranked }) => valueText(subject, ranked[0]?.set, name)),
        valueText(subject, result.next.set ?? undefined, name),
      ]),
    ]),
    ...(run.top > 1 ? topLists(subject, result) : []),
    "",
    table([
      ["all windows", "in-sample", "out-of-sample", "with defaults"],
      ...ROWS.map(([label, show]) => [
        label,
        ...[result.inSample, result.outOfSample, result.usual].map(show),
      ]),
    ]),
    "",
    ...verdict(subject, result),
    "",
    `${count(subject.sets.length, "set")} x ${count(result.windows.length, "window")} in ` +
      `${(run.elapsedMs / 1000).toFixed(1)} s on ${count(run.threads, "thread")}`,
    "",
  ].join("\n");
}

/** Positions open at a window's end, in no figure: window by window, with what leaving at its last close would give. */
function openPositions(subject: SearchSubject, { windows }: SearchResult): string[] {
  const open = (earned: Earned | null): number => earned?.open ?? 0;
  const worth = (earned: Earned | null): string => (earned?.open ? money(earned.openPnl) : UNDEFINED);
  if (windows.every(({ inSample, outOfSample }) => open(inSample) + open(outOfSample) === 0)) return [];
  return [
    "",
    table([
      ["open at the end", "in-sample", "worth", "out-of-sample", "worth"],
      ...windows.map(({ window, inSample, outOfSample }) => [
        span(subject, window.test),
        `${open(inSample)}`,
        worth(inSample),
        `${open(outOfSample)}`,
        worth(outOfSample),
      ]),
    ]),
  ];
}

function heading(subject: SearchSubject): string[] {
  const { market, strategy, sets, size, searched, fixed: set, seed, choice } = subject;
  const { candles } = market;
  const tried =
    seed === null
      ? `the whole grid of ${count(size, "set")}`
      : `${count(sets.length, "set")} of a grid of ${grouped(size)}, drawn at random with seed ${seed}`;
  const absent = absentFrames(subject);
  return [
    `${strategy.name} on ${market.symbol} ${market.timeframe}: ${grouped(candles.length)} candles, ` +
      `${moment(openTimeMs(candles, 0))} to ${moment(openTimeMs(candles, candles.length))} UTC`,
    ...[
      ...rulesLines(subject.rules, subject.tick, searchesStop(subject)),
      ...coverageLines(subject.data.coverage, market.symbol),
      ...cannotTradeLines(subject),
      ...(subject.unreachableStops === 0
        ? []
        : [
            `${grouped(subject.unreachableStops)} of ${count(subject.sets.length, "set")} have a stop beyond the ` +
              "liquidation price: every adverse exit of theirs is a liquidation, and services refuse them",
          ]),
    ].flatMap((line) => wrapped(line)),
    `Searched: ${tried}, ${count(searched.length, "parameter")}`,
    `Chosen by: ${OBJECTIVES[choice.objective]}, with at least ${count(choice.minTrades, "trade")}`,
    ...(set.length === 0 ? [] : [`Fixed: ${set.map(([name, value]) => `${name} = ${value}`).join(", ")}`]),
    ...(absent.length === 0
      ? []
      : [
          `Note: the first window is traded without the Fibonacci ${absent.length === 1 ? "frame" : "frames"} ` +
            `${absent.join(", ")}: the file holds no earlier candles; live has them.`,
        ]),
  ];
}

function cannotTradeLines(subject: SearchSubject): string[] {
  const { strategy, cannotTrade } = subject;
  const reason = whyNoSetTrades(subject);
  if (reason !== null) return [`${strategy.name} cannot trade with any set: ${reason}`];
  const reasons = cannotTrade.filter((why) => why !== null);
  const [first] = reasons;
  if (first === undefined) return [];
  return [`${strategy.name} cannot trade with ${count(reasons.length, "set")}, the first because ${first}`];
}

function verdict(subject: SearchSubject, result: SearchResult): string[] {
  const { significance, next } = result;
  const kept =
    result.keptPercent === null ? "" : `, ${result.keptPercent.toFixed(0)} % kept from window to window`;
  return [
    `Walk-forward efficiency   ${
      result.efficiency === null
        ? `${UNDEFINED} (the train windows show no profit)`
        : `${fixed(result.efficiency * 100, 0, " %")} of the in-sample PnL per day`
    }`,
    `Windows with a profit     ${result.profitableWindows} of ${result.tradedWindows}`,
    `Stability of the choice   ${count(result.differentSets, "different set")}${kept}`,
    `Configurations tried      ${grouped(significance.trials)}`,
    `Sharpe above 0 (PSR)      ${share(significance.probabilisticSharpe)} out-of-sample`,
    `Deflated Sharpe (DSR)     ${share(significance.deflatedSharpe)} out-of-sample, ${inSampleDeflated(result)} in-sample`,
    next.set === null
      ? "Next window               no set had enough trades"
      : `Next window               ${shown(subject, next.set)} (in-sample ${money(next.inSample?.figures.totalPnl ?? null)}, DSR ${share(next.significance?.deflatedSharpe ?? null)})`,
  ];
}

/** From the lowest window to the highest. */
function inSampleDeflated({ windows }: SearchResult): string {
  const known = windows
    .map(({ inSampleSignificance }) => inSampleSignificance?.deflatedSharpe ?? null)
    .filter((value) => value !== null);
  if (known.length === 0) return UNDEFINED;
  return `${share(Math.min(...known))} to ${share(Math.max(...known))}`;
}

function topLists(subject: SearchSubject, result: SearchResult): string[] {
  return result.windows.flatMap(({ window, ranked }) => [
    "",
    `${span(subject, window.test)}: best in-sample`,
    table([
      ["set", "trades", "PnL", "Sharpe", "trades after", "PnL after", "Sharpe after"],
      ...ranked.map(({ set, inSample, outOfSample }) => [
        shown(subject, set),
        ...[inSample, outOfSample].flatMap((score: Score) => [
          `${score.trades}`,
          money(score.pnl),
          fixed(sharpeOf(score), 3),
        ]),
      ]),
    ]),
  ]);
}

function cells(earned: Earned | null): string[] {
  if (earned === null) return [UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED];
  const { figures, sharpe } = earned;
  return [
    `${figures.totalTrades}`,
    fixed(figures.winRate, 1, " %"),
    money(figures.totalPnl),
    fixed(sharpe, 3),
  ];
}

function mean({ figures }: Earned): number | null {
  return figures.totalTrades === 0 ? null : figures.totalPnl / figures.totalTrades;
}

function shown(subject: SearchSubject, set: number): string {
  return Object.entries(valuesByName(subject, set))
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function valueText(subject: SearchSubject, set: number | undefined, name: string): string {
  return set === undefined ? UNDEFINED : `${valuesByName(subject, set)[name] ?? UNDEFINED}`;
}

function span(subject: SearchSubject, { from, end }: Segment): string {
  return `${date(subject, from)} to ${date(subject, end)}`;
}

function days({ market }: SearchSubject, { from, end }: Segment): string {
  return (((end - from) * market.candles.intervalMs) / DAY_MS).toFixed(1);
}

/** With the time of day where windows are too short for the day to distinguish them. */
function date({ market: { candles }, plan }: SearchSubject, i: number): string {
  const isLong = plan.testCandles * candles.intervalMs >= 2 * DAY_MS;
  return moment(openTimeMs(candles, i)).slice(0, isLong ? 10 : 16);
}

/** The first column is left-aligned, the others right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column === 0 ? cell.padEnd(width) : cell.padStart(width);
  };
  return rows.map((row) => `  ${row.map(pad).join("  ").trimEnd()}`).join("\n");
}

function count(number: number, what: string): string {
  return `${grouped(number)} ${what}${number === 1 ? "" : "s"}`;
}

function grouped(number: number): string {
  return `${number}`.replace(/\B(?=(\d{3})+$)/g, ",");
}

function fixed(value: number | null, digits: number, unit = ""): string {
  return value === null ? UNDEFINED : `${value.toFixed(digits)}${unit}`;
}

function share(probability: number | null | undefined): string {
  return probability == null ? UNDEFINED : `${(probability * 100).toFixed(1)} %`;
}

function money(value: number | null): string {
  if (value === null) return UNDEFINED;
  return `${value <= -0.005 ? "-" : ""}$${Math.abs(value).toFixed(2)}`;
}

function moment(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
}
