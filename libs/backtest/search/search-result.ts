import type { Candles } from "#libs/candles/candles.ts";
import { DAY_MS } from "#libs/candles/timeframe.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import { runStrategy } from "../engine/run-strategy.ts";
import type { Trade } from "../engine/trade.ts";
import { type Figures, figuresOf } from "../figures.ts";
import { sharpeVarianceOf } from "../statistics/sharpe-ratio.ts";
import { type Statistics, statisticsOf } from "../statistics/statistics.ts";
import type { Configuration } from "./configuration.ts";
import { type Choice, ranking } from "./objective.ts";
import { markedToClose, pooled, type Score, type ScoreTable, scoreOf, sharpeOf } from "./score.ts";
import type { Segment, WalkForward, WalkForwardWindow } from "./walk-forward.ts";

/** A search whose sets have been scored. */
export interface ScoredSearch {
  readonly study: Study;
  readonly strategy: Strategy;
  /** One for each set that was tried. */
  readonly configurations: readonly Configuration[];
  /** What trades when nothing is searched. */
  readonly usual: Configuration;
  readonly walkForward: WalkForward;
  /** Of the segments that `segmentsOf` lists. */
  readonly scores: ScoreTable;
  readonly choice: Choice;
  /** Sets of each window to list, the chosen one included. */
  readonly top: number;
  /** The instrument's price step as printed; prices are exact without it. */
  readonly tickSize?: string | undefined;
  readonly detail?: Candles | undefined;
}

/** What was earned on one segment, or on several behind each other. */
export interface Earned {
  readonly figures: Figures;
  readonly trades: readonly Trade[];
  /** Of the segments, so that PnL can be compared a day. */
  readonly days: number;
  /** Mean over standard deviation of a trade; null where not defined. */
  readonly sharpe: number | null;
  /** Positions still open at the end of a segment; they count in no figure. */
  readonly open: number;
  /** What they would give if they were left at the last close of their segment, USDT. */
  readonly openPnl: number;
}

/** One set of a window, in the order of the choice. */
export interface Ranked {
  readonly set: number;
  readonly inSample: Score;
  readonly outOfSample: Score;
}

export interface WindowResult {
  readonly window: WalkForwardWindow;
  /** Best first, at most `top`. The first one was chosen; none when no set had enough trades. */
  readonly ranked: readonly Ranked[];
  readonly inSample: Earned | null;
  readonly outOfSample: Earned | null;
  /** How much of the train result may be chance: the deflated Sharpe ratio knows how many sets were tried. */
  readonly inSampleSignificance: Statistics | null;
  /**
   * Percent of the other sets that earned less on the test window, open positions marked to its last close; 50 is what
   * chance gives.
   */
  readonly betterThanPercent: number | null;
}

export interface SearchResult {
  readonly windows: readonly WindowResult[];
  /** All train windows in which a set was chosen; they overlap. The drawdown is the deepest of them. */
  readonly inSample: Earned;
  /** Their test windows behind each other, each traded with what its train window chose. */
  readonly outOfSample: Earned;
  /** All test windows, traded with the usual parameters. */
  readonly usual: Earned;
  /**
   * Of the test windows. The deflated Sharpe ratio takes the variance of what each set alone shows there; as the test
   * windows have chosen nothing, it errs on the strict side.
   */
  readonly significance: Statistics;
  /** PnL a day on the test windows over PnL a day on the train windows; null when those earned nothing. */
  readonly efficiency: number | null;
  /** Test windows with a PnL above 0, among those that were traded. */
  readonly profitableWindows: number;
  readonly tradedWindows: number;
  /** How many different sets were chosen. */
  readonly differentSets: number;
  /** Percent of the windows after the first that kept the set of the one before; null with fewer than two. */
  readonly keptPercent: number | null;
  /** What the candles up to the end choose for those to come. */
  readonly next: {
    readonly train: Segment;
    readonly set: number | null;
    readonly inSample: Earned | null;
    readonly significance: Statistics | null;
  };
}

/** The segments a search is scored on: train and test of each window in turn, then the train window of the next. */
export function segmentsOf({ windows, next }: WalkForward): Segment[] {
  return [...windows.flatMap(({ train, test }) => [train, test]), next];
}

/** Chooses in each train window, trades the choice in the test window behind it, and counts what came of it. */
export function searchResult(search: ScoredSearch): SearchResult {
  const { configurations, walkForward, scores, usual } = search;
  const sets = [...configurations.keys()];
  const earnedWith = (configuration: Configuration | undefined, segment: Segment): Earned | null =>
    configuration === undefined ? null : trade(search, configuration, segment);
  const scoresOn = (segment: number): Score[] => sets.map((set) => scores.get(set, segment));

  const windows = walkForward.windows.map((window, k): WindowResult => {
    const train = scoresOn(2 * k);
    const test = scoresOn(2 * k + 1);
    const ranked = ranking(train, search.choice)
      .slice(0, Math.max(1, search.top))
      .map((set) => ({ set, inSample: scores.get(set, 2 * k), outOfSample: scores.get(set, 2 * k + 1) }));
    const [chosen] = ranked;
    const configuration = chosen === undefined ? undefined : configurations[chosen.set];
    const inSample = earnedWith(configuration, window.train);
    return {
      window,
      ranked,
      inSample,
      outOfSample: earnedWith(configuration, window.test),
      inSampleSignificance: inSample === null ? null : significanceOf(inSample, train),
      betterThanPercent: chosen === undefined ? null : betterThan(chosen, test),
    };
  });

  const present = (earned: readonly (Earned | null)[]): Earned[] => earned.filter((entry) => entry !== null);
  const inSamples = present(windows.map((window) => window.inSample));
  const outOfSamples = present(windows.map((window) => window.outOfSample));
  const together = joined(search, inSamples);
  const deepest = Math.max(0, ...inSamples.map(({ figures }) => figures.maxDrawdown));
  const inSample = { ...together, figures: { ...together.figures, maxDrawdown: deepest } };
  const outOfSample = joined(search, outOfSamples);
  const chosen = windows.flatMap(({ ranked }) => ranked.slice(0, 1).map(({ set }) => set));
  const kept = chosen.filter((set, k) => k > 0 && set === chosen[k - 1]).length;
  const last = scoresOn(2 * windows.length);
  const [next = null] = ranking(last, search.choice);
  const nextEarned = next === null ? null : earnedWith(configurations[next], walkForward.next);
  return {
    windows,
    inSample,
    outOfSample,
    usual: joined(search, present(walkForward.windows.map(({ test }) => earnedWith(usual, test)))),
    significance: significanceOf(
      outOfSample,
      sets.map((set) => pooled(windows.map((_, k) => scores.get(set, 2 * k + 1)))),
    ),
    efficiency: efficiencyOf(inSample, outOfSample),
    profitableWindows: outOfSamples.filter(({ figures }) => figures.totalPnl > 0).length,
    tradedWindows: outOfSamples.length,
    differentSets: new Set(chosen).size,
    keptPercent: chosen.length < 2 ? null : (kept * 100) / (chosen.length - 1),
    next: {
      train: walkForward.next,
      set: next,
      inSample: nextEarned,
      significance: nextEarned === null ? null : significanceOf(nextEarned, last),
    },
  };
}

/** PnL of a day. */
export function pnlPerDay({ figures, days }: Earned): number | null {
  return days > 0 ? figures.totalPnl / days : null;
}

function trade(
  { study, strategy, tickSize, detail }: ScoredSearch,
  configuration: Configuration,
  segment: Segment,
): Earned {
  const { figures, trades, openWorth } = runStrategy(study, strategy, {
    ...configuration,
    tickSize,
    firstIndex: Math.max(FIRST_DECISION_INDEX, segment.from),
    endIndex: segment.end,
    detail,
  });
  const days = ((segment.end - segment.from) * study.input.candles.intervalMs) / DAY_MS;
  return {
    figures,
    trades,
    days,
    sharpe: sharpeOf(scoreOf(trades.map(({ net }) => net))),
    open: openWorth === null ? 0 : 1,
    openPnl: openWorth?.net ?? 0,
  };
}

function joined({ study }: ScoredSearch, parts: readonly Earned[]): Earned {
  const trades = parts.flatMap((part) => part.trades);
  const skippedEntries = parts.reduce((sum, { figures }) => sum + figures.skippedEntries, 0);
  return {
    figures: figuresOf({ trades, openTrade: null, skippedEntries }, study.input.candles.intervalMs),
    trades,
    days: parts.reduce((sum, part) => sum + part.days, 0),
    sharpe: sharpeOf(scoreOf(trades.map(({ net }) => net))),
    open: parts.reduce((sum, { open }) => sum + open, 0),
    openPnl: parts.reduce((sum, { openPnl }) => sum + openPnl, 0),
  };
}

function significanceOf({ trades }: Earned, tried: readonly Score[]): Statistics {
  return statisticsOf(trades, { count: tried.length, sharpeVariance: sharpeVarianceOf(tried.map(sharpeOf)) });
}

/** Equal ones count half. */
function betterThan(chosen: Ranked, scores: readonly Score[]): number | null {
  const { pnl } = markedToClose(chosen.outOfSample);
  const others = scores.filter((_, set) => set !== chosen.set).map(markedToClose);
  if (others.length === 0) return null;
  const beaten = others.reduce((sum, other) => sum + (other.pnl < pnl ? 1 : other.pnl === pnl ? 0.5 : 0), 0);
  return (beaten * 100) / others.length;
}

function efficiencyOf(inSample: Earned, outOfSample: Earned): number | null {
  const expected = pnlPerDay(inSample);
  const found = pnlPerDay(outOfSample);
  return expected === null || found === null || expected <= 0 ? null : found / expected;
}
