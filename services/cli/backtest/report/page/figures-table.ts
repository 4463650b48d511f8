import type { BuyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import { element } from "#libs/chart/draw/element.ts";
import { count, duration, fixed, money, signedMoney } from "#libs/chart/format.ts";
import type { ReportData, ReportedStrategy } from "#libs/chart/report-data.ts";
import { toneOf } from "./trade-panel.ts";

interface Row {
  readonly title: string;
  show(strategy: ReportedStrategy, isFundingKnown: boolean): string;
  /** Its meaning, as a tooltip. */
  readonly meaning?: string;
}

const FIGURES: readonly Row[] = [
  { title: "Trades", show: ({ figures }) => count(figures.totalTrades) },
  { title: "Wins / losses", show: ({ figures }) => `${count(figures.wins)} / ${count(figures.losses)}` },
  { title: "Win rate", show: ({ figures }) => fixed(figures.winRate, 1, " %") },
  { title: "PnL", show: ({ figures }) => signedMoney(figures.totalPnl), meaning: "After all costs" },
  { title: "Average win", show: ({ figures }) => signedMoney(figures.avgWin) },
  { title: "Average loss", show: ({ figures }) => signedMoney(figures.avgLoss) },
  {
    title: "Profit factor",
    show: ({ figures }) => fixed(figures.profitFactor, 2),
    meaning: "Sum of the wins over sum of the losses",
  },
  {
    title: "Max drawdown",
    show: ({ figures }) => money(figures.maxDrawdown),
    meaning: "Deepest fall of the cumulated PnL from its highest value so far",
  },
  { title: "Mean confidence", show: ({ figures }) => fixed(figures.confidenceAvg, 1) },
  { title: "Mean holding", show: ({ figures }) => duration(figures.holdingMinutesAvg) },
  { title: "Fees", show: ({ figures }) => money(figures.fees) },
  {
    title: "Funding",
    show: ({ figures }, isFundingKnown) => fundingText(figures, isFundingKnown),
    meaning: "Received with a plus, paid with a minus",
  },
  {
    title: "Skipped entries",
    show: ({ figures }) => count(figures.skippedEntries),
    meaning: "Signals after which the next candle opened too far away",
  },
  {
    title: "Open at the end",
    show: ({ trades }) => signedMoney(trades.at(-1)?.worth?.net ?? null),
    meaning:
      "What leaving the open position at the last close would give, after all costs; in no other figure",
  },
  {
    title: "Stop and target at once",
    show: ({ ambiguity: { trades, decided } }) =>
      decided === 0 ? count(trades) : `${count(trades)}, ${count(decided)} decided`,
    meaning: "Trades whose last candle touched both; those not decided by shorter candles count as stopped",
  },
  {
    title: "PnL if target first",
    show: ({ ambiguity }) =>
      signedMoney(ambiguity.trades === ambiguity.decided ? null : ambiguity.optimisticPnl),
    meaning: "The PnL, had those not decided reached their target first",
  },
];

const STATISTICS: readonly Row[] = [
  {
    title: "Win rate (95 % CI)",
    show: ({ statistics }) => {
      const interval = statistics?.winRateInterval ?? null;
      return interval === null ? "–" : `${fixed(interval.low, 1)} to ${fixed(interval.high, 1, " %")}`;
    },
    meaning: "95 % confidence interval of the win rate (Wilson)",
  },
  {
    title: "Mean trade, p-value",
    show: ({ statistics }) => fixed(statistics?.meanTradePValue ?? null, 3),
    meaning: "Probability of a mean trade this good without an edge (bootstrap)",
  },
  {
    title: "Sharpe per trade",
    show: ({ statistics }) => fixed(statistics?.sharpe ?? null, 3),
    meaning: "Mean over standard deviation of a trade's result, not annualised",
  },
  {
    title: "Sharpe above 0 (PSR)",
    show: ({ statistics }) => share(statistics?.probabilisticSharpe ?? null),
    meaning: "Probability that the true Sharpe ratio is above 0",
  },
  {
    title: "Deflated Sharpe (DSR)",
    show: ({ statistics }) => share(statistics?.deflatedSharpe ?? null),
    meaning: "Probability that it is above what the best of all configurations tried shows by chance",
  },
  {
    title: "Configurations tried",
    show: ({ statistics }) => (statistics === null ? "–" : count(statistics.trials)),
  },
];

function share(probability: number | null): string {
  return fixed(probability === null ? null : probability * 100, 1, " %");
}

function holding(hold: BuyAndHold): Row {
  const text = `${signedMoney(hold.usdt)} (${fixed(hold.percent, 1, " %")})`;
  return {
    title: "Buy and hold",
    show: () => text,
    meaning:
      "The same notional bought at the window's first open and sold at its last close, at the same costs",
  };
}

function fundingText({ funding }: ReportedStrategy["figures"], isFundingKnown: boolean): string {
  return isFundingKnown ? signedMoney(funding) : "unknown";
}

/** All figures of all strategies beside each other, with the statistics on chance when they were computed. */
export function figuresTable(data: ReportData, selected: string): HTMLElement {
  const { strategies, hold, isFundingKnown } = data;
  const chosen = (name: string): string | undefined => (name === selected ? "chosen" : undefined);
  const rows = [
    ...FIGURES,
    ...(strategies.some(({ statistics }) => statistics !== null) ? STATISTICS : []),
    ...(hold === null ? [] : [holding(hold)]),
  ];
  return element(
    "table",
    { class: "figures" },
    element("caption", { class: "hidden" }, "Figures of each strategy"),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("td"),
        ...strategies.map(({ name }) => element("th", { scope: "col", class: chosen(name) }, name)),
      ),
    ),
    element(
      "tbody",
      {},
      ...rows.map(({ title, show, meaning }) =>
        element(
          "tr",
          { "data-figure": title, title: meaning },
          element("th", { scope: "row" }, title),
          ...strategies.map((strategy) =>
            element("td", { class: chosen(strategy.name) }, show(strategy, isFundingKnown)),
          ),
        ),
      ),
    ),
  );
}

/** The figures a trader asks for first. */
export function headlines({ figures }: ReportedStrategy, isFundingKnown: boolean): readonly HTMLElement[] {
  const tile = (title: string, value: string, note: string, tone = ""): HTMLElement =>
    element(
      "div",
      { class: "tile" },
      element("dt", {}, title),
      element("dd", { class: tone }, value, element("small", {}, note)),
    );
  return [
    tile(
      "PnL",
      signedMoney(figures.totalPnl),
      isFundingKnown ? "after all costs" : "after fees and slippage, funding unknown",
      toneOf(figures.totalPnl),
    ),
    tile(
      "Win rate",
      fixed(figures.winRate, 1, " %"),
      `${count(figures.wins)} won, ${count(figures.losses)} lost`,
    ),
    tile(
      "Trades",
      count(figures.totalTrades),
      figures.holdingMinutesAvg === null
        ? "none has ended"
        : `held ${duration(figures.holdingMinutesAvg)} on average`,
    ),
    tile(
      "Profit factor",
      fixed(figures.profitFactor, 2),
      figures.totalTrades === 0
        ? "wins over losses"
        : `${signedMoney(figures.avgWin)} / ${signedMoney(figures.avgLoss)}`,
    ),
    tile("Max drawdown", money(figures.maxDrawdown), "of the cumulated PnL"),
    tile("Fees", money(figures.fees), `funding ${fundingText(figures, isFundingKnown)}`),
  ];
}
