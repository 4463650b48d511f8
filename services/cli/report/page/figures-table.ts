import type { Figures } from "#libs/backtest/figures.ts";
import { count, duration, fixed, money, signedMoney } from "../format.ts";
import type { ReportedStrategy } from "../report-data.ts";
import { element } from "./element.ts";
import { toneOf } from "./trade-panel.ts";

type Row = readonly [title: string, show: (figures: Figures) => string];

const ROWS: readonly Row[] = [
  ["Trades", (f) => count(f.totalTrades)],
  ["Wins / losses", (f) => `${count(f.wins)} / ${count(f.losses)}`],
  ["Win rate", (f) => fixed(f.winRate, 1, " %")],
  ["PnL", (f) => signedMoney(f.totalPnl)],
  ["Average win", (f) => signedMoney(f.avgWin)],
  ["Average loss", (f) => signedMoney(f.avgLoss)],
  ["Profit factor", (f) => fixed(f.profitFactor, 2)],
  ["Max drawdown", (f) => money(f.maxDrawdown)],
  ["Mean confidence", (f) => fixed(f.confidenceAvg, 1)],
  ["Mean holding", (f) => duration(f.holdingMinutesAvg)],
  ["Fees", (f) => money(f.fees)],
  ["Funding", (f) => signedMoney(f.funding)],
  ["Skipped entries", (f) => count(f.skippedEntries)],
];

/** All figures of all strategies beside each other. */
export function figuresTable(strategies: readonly ReportedStrategy[], selected: string): HTMLElement {
  const chosen = (name: string): string | undefined => (name === selected ? "chosen" : undefined);
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
      ...ROWS.map(([title, show]) =>
        element(
          "tr",
          { "data-figure": title },
          element("th", { scope: "row" }, title),
          ...strategies.map(({ name, figures }) => element("td", { class: chosen(name) }, show(figures))),
        ),
      ),
    ),
  );
}

/** The figures a trader asks for first. */
export function headlines({ figures }: ReportedStrategy): readonly HTMLElement[] {
  const tile = (title: string, value: string, note: string, tone = ""): HTMLElement =>
    element(
      "div",
      { class: "tile" },
      element("dt", {}, title),
      element("dd", { class: tone }, value, element("small", {}, note)),
    );
  return [
    tile("PnL", signedMoney(figures.totalPnl), "after all costs", toneOf(figures.totalPnl)),
    tile(
      "Win rate",
      fixed(figures.winRate, 1, " %"),
      `${count(figures.wins)} won, ${count(figures.losses)} lost`,
    ),
    tile("Trades", count(figures.totalTrades), `held ${duration(figures.holdingMinutesAvg)} on average`),
    tile(
      "Profit factor",
      fixed(figures.profitFactor, 2),
      `${signedMoney(figures.avgWin)} / ${signedMoney(figures.avgLoss)}`,
    ),
    tile("Max drawdown", money(figures.maxDrawdown), "of the cumulated PnL"),
    tile("Fees", money(figures.fees), `funding ${signedMoney(figures.funding)}`),
  ];
}
