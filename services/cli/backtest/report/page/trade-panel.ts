import { element } from "#libs/chart/draw/element.ts";
import {
  distance,
  duration,
  exitReason,
  fixed,
  moment,
  money,
  price,
  signedMoney,
} from "#libs/chart/format.ts";
import type { ReportedTrade } from "#libs/chart/report-data.ts";
import type { ConfluenceZone } from "#libs/strategy/indicators/confluence-zones.ts";

type Row = readonly [term: string, value: string, note?: string];

/** All numbers of one trade. */
export function tradePanel(
  trade: ReportedTrade,
  number: number,
  zones: readonly ConfluenceZone[],
  series: { readonly intervalMs: number; readonly decimals: number },
): readonly HTMLElement[] {
  const { exit } = trade;
  const net = exit?.net ?? null;
  return [
    element(
      "h2",
      { class: "trade-title" },
      element("span", { class: `side ${trade.side.toLowerCase()}` }, trade.side),
      ` Trade ${number} `,
      element("strong", { class: toneOf(net) }, exit === null ? "open" : signedMoney(exit.net)),
    ),
    list(rowsOf(trade, series.intervalMs)),
    element("h3", {}, "Reasons"),
    element("ul", { class: "reasons" }, ...trade.reasons.map((reason) => element("li", {}, reason))),
    element("h3", {}, "Zones at the signal"),
    element("p", { class: "zones" }, zonesSentence(trade, zones, series.decimals)),
  ];
}

/** The class that colours a result, none for what is shown as $0.00; the sign says the same without colour. */
export function toneOf(net: number | null): string {
  if (net === null || Math.abs(net) < 0.005) return "";
  return net > 0 ? "gain" : "loss";
}

function rowsOf(trade: ReportedTrade, intervalMs: number): readonly Row[] {
  const { exit, entryPrice } = trade;
  const rows: Row[] = [
    ["Signal", moment(trade.signalMs)],
    ["Confidence", fixed(trade.confidence, 0)],
    ["Entry", price(entryPrice)],
    ["Fill", price(trade.fillPrice)],
    ["Stop", price(trade.stopLoss), distance(entryPrice, trade.stopLoss)],
    ["Target", price(trade.takeProfit), distance(entryPrice, trade.takeProfit)],
    ["Liquidation", price(trade.liquidationPrice), distance(entryPrice, trade.liquidationPrice)],
  ];
  if (exit === null) {
    const { worth } = trade;
    rows.push(["Exit", "still open"]);
    if (worth !== null)
      rows.push(["Last close", price(worth.price)], ["Net if left", signedMoney(worth.net)]);
    return rows;
  }
  const held = (exit.timeMs + intervalMs - trade.entryMs) / 60_000;
  return [
    ...rows,
    ["Exit", price(exit.price), exitReason(exit.reason)],
    ["Exit at", moment(exit.timeMs)],
    ["Gross", signedMoney(exit.gross)],
    ["Fees", money(-exit.fees)],
    ["Funding", signedMoney(exit.funding)],
    ["Net", signedMoney(exit.net), duration(held)],
  ];
}

/** What a word means here, for a pointer that rests on it. */
const MEANINGS: Readonly<Record<string, string>> = {
  Signal: "When the signal candle closed and the entry candle opened, UTC",
  Entry: "Close of the signal candle, from which stop and target are measured",
  Fill: "Open of the next candle with slippage",
  Liquidation: "Where the margin is used up; the nearer of it and the stop ends the trade",
  "Net if left": "What leaving at the last close would give, after all costs; it counts in no figure",
  Exit: "With slippage",
  "Exit at": "When the candle opened in which the trade ended, UTC",
  Net: "After fees and funding, and how long the trade was held",
};

function list(rows: readonly Row[]): HTMLElement {
  const cells = rows.map(([term, value, note]) =>
    element(
      "div",
      { "data-field": term, title: MEANINGS[term] },
      element("dt", {}, term),
      element("dd", {}, value, note === undefined ? null : element("small", {}, note)),
    ),
  );
  return element("dl", { class: "numbers" }, ...cells);
}

function zonesSentence(trade: ReportedTrade, zones: readonly ConfluenceZone[], decimals: number): string {
  const frames = trade.swings.map(([frame]) => frame);
  if (frames.length === 0) return "No Fibonacci frame had a full window yet.";
  const support = zones.findLast((zone) => zone.price < trade.entryPrice);
  const resistance = zones.find((zone) => zone.price > trade.entryPrice);
  const name = (zone: ConfluenceZone | undefined): string =>
    zone === undefined
      ? "none"
      : `${zone.price.toFixed(decimals)} (${distance(trade.entryPrice, zone.price)}, ${zone.frames.length} frames)`;
  return `Resistance ${name(resistance)}. Support ${name(support)}. Frames ${frames.join(", ")}.`;
}
