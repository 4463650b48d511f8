import { element } from "#libs/chart/draw/element.ts";
import { count, moment } from "#libs/chart/format.ts";
import { intervalName } from "#libs/chart/interval-name.ts";
import type { ReportData } from "#libs/chart/report-data.ts";

/** The rules and costs of every trade, where the data comes from, and what a backtest cannot tell. */
export function notes(data: ReportData): HTMLElement {
  const { rules } = data;
  const notional = rules.marginUsdt * rules.leverage;
  const list = (...sentences: readonly string[]): HTMLElement =>
    element("ul", {}, ...sentences.map((sentence) => element("li", {}, sentence)));
  return element(
    "section",
    { class: "panel notes", "aria-label": "Rules, costs and data" },
    element("h2", {}, "Rules and costs"),
    list(
      `Each trade: margin $${rules.marginUsdt}, leverage ${rules.leverage}, so $${notional} of ${data.symbol}; isolated, so a loss beyond the margin is a liquidation that costs the margin.`,
      `Entry at the open of the candle after the signal, skipped when it is more than ${rules.entryTolerancePercent} % from the signal's close.`,
      `Stop ${rules.stopLossPercent} % and target ${rules.takeProfitPercent} % from the signal's close. A candle that touches both counts as stopped, unless shorter candles inside it were given and show the target first. A candle that opens beyond a level is filled at its open.`,
      `Taker fee ${rules.takerFeePercent} % and slippage ${rules.slippagePercent} % on each side.`,
      "One position at a time. A position still open at the end counts in no figure.",
    ),
    element("h2", {}, "Data"),
    list(
      ...data.sources,
      ...embeddingSentences(data),
      "All times are UTC.",
      `Written ${moment(data.writtenAtMs)}.`,
    ),
    element("h2", {}, "What this is not"),
    element(
      "p",
      {},
      "A backtest is not a promise. It shows how fixed rules would have traded past prices; it does not include " +
        "future markets, the effect of an order on the order book, or outages of the exchange. The more rules are tried " +
        "on the same candles, the better the best of them looks by chance.",
    ),
  );
}

/** Also shown above the chart when something was left out. */
export function embeddingSentences({ series, candles }: ReportData): readonly string[] {
  if (series.overview === null) return [`All ${count(candles)} candles are in this page.`];
  const held = series.segments.reduce((sum, segment) => sum + segment.count, 0);
  const sentences = [
    `Thinned: of ${count(candles)} candles of ${intervalName(series.intervalMs)} this page holds the ` +
      `${count(held)} around the trades, and the whole window in candles of ${intervalName(series.overview.intervalMs)}. ` +
      "The trades and figures are of all of them.",
  ];
  if (series.tradesWithoutCandles > 0) {
    sentences.push(
      `The ${count(series.tradesWithoutCandles)} earliest trades are shown on the longer candles only.`,
    );
  }
  return sentences;
}
