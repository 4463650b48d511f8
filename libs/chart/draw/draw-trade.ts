import { adverseLevel } from "#libs/backtest/engine/exit-level.ts";
import type { ReportedTrade } from "../report-data.ts";
import type { Plane } from "./plane.ts";
import { faded } from "./theme.ts";

const LINE_HEIGHT = 15;

/**
 * The room a trade had: from its entry to its target and to its stop, or to its liquidation price where that is
 * nearer, for as long as it lived.
 */
export function drawTrade(plane: Plane, trade: ReportedTrade): void {
  const { context, theme } = plane;
  const left = plane.x(trade.entryMs);
  const right = Math.max(left + 2, lifeEnd(plane, trade));
  const entry = plane.y(trade.fillPrice);
  const stop = plane.y(adverseLevel(trade));
  const target = plane.y(trade.takeProfit);
  context.fillStyle = faded(theme.up, 0.13);
  context.fillRect(left, Math.min(entry, target), right - left, Math.abs(target - entry));
  context.fillStyle = faded(theme.down, 0.13);
  context.fillRect(left, Math.min(entry, stop), right - left, Math.abs(stop - entry));

  const line = (y: number, colour: string, dash: readonly number[]): void => {
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.setLineDash([...dash]);
    context.beginPath();
    context.moveTo(left, Math.round(y) + 0.5);
    context.lineTo(right, Math.round(y) + 0.5);
    context.stroke();
  };
  line(target, theme.up, [5, 3]);
  line(stop, theme.down, [5, 3]);
  line(entry, theme.accent, []);
  context.setLineDash([]);
}

/** Entry, stop or liquidation price, and target in words beside their lines. */
export function drawTradeLabels(plane: Plane, trade: ReportedTrade): void {
  const { context, theme, decimals } = plane;
  const x = Math.max(plane.x(trade.entryMs) + 2, lifeEnd(plane, trade)) + 6;
  context.font = `600 11px ${getComputedStyle(document.body).fontFamily}`;
  const level = adverseLevel(trade);
  const stop = plane.y(level);
  const target = plane.y(trade.takeProfit);
  const name = level === trade.liquidationPrice ? "liquidation" : "stop";
  drawLabel(plane, `target ${trade.takeProfit.toFixed(decimals)}`, x, target, theme.up);
  drawLabel(plane, `${name} ${level.toFixed(decimals)}`, x, stop, theme.down);
  const entry = plane.y(trade.fillPrice);
  // Seen from afar the three lie together, and the outer two say where.
  if (Math.min(Math.abs(entry - stop), Math.abs(entry - target)) < LINE_HEIGHT) return;
  drawLabel(plane, `entry ${trade.fillPrice.toFixed(decimals)}`, x, entry, theme.accent);
}

/** Text on the panel's colour, so that candles behind it do not spoil it. */
export function drawLabel(
  { context, theme, width }: Plane,
  text: string,
  x: number,
  y: number,
  colour: string,
): void {
  const room = context.measureText(text).width + 6;
  const left = Math.min(x, width - room - 2);
  context.fillStyle = faded(theme.background, 0.85);
  context.fillRect(left, y - 8, room, 16);
  context.fillStyle = colour;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, left + 3, y);
}

/** Right edge of a trade: of its exit candle, or of the chart while it is open. */
export function lifeEnd(plane: Plane, trade: ReportedTrade): number {
  return trade.exit === null ? plane.width : plane.x(trade.exit.timeMs + plane.intervalMs);
}
