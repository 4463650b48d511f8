import type { ReportedTrade } from "../report-data.ts";
import type { Plane } from "./plane.ts";
import { faded } from "./theme.ts";

/** Below this many pixels a candle the marks would cover each other, and become dots. */
const ROOM_FOR_ARROWS = 1.2;

/** Every trade in view: a triangle where it was entered, a cross where it was left, a line between. */
export function drawMarks(
  plane: Plane,
  trades: readonly ReportedTrade[],
  selected: ReportedTrade | null,
): void {
  const arrows = plane.candleWidth >= ROOM_FOR_ARROWS;
  for (const trade of trades) {
    if (trade === selected) continue;
    const left = plane.x(trade.entryMs);
    const right = trade.exit === null ? plane.width : plane.x(trade.exit.timeMs + plane.intervalMs);
    if (right < 0 || left > plane.width) continue;
    if (arrows) drawTradeMarks(plane, trade, 0.55, 5);
    else drawDot(plane, trade);
  }
  if (selected !== null) drawTradeMarks(plane, selected, 1, arrows ? 8 : 6);
}

function colourOf({ theme }: Plane, trade: ReportedTrade): string {
  if (trade.exit === null) return theme.accent;
  return trade.exit.net > 0 ? theme.up : theme.down;
}

function drawDot(plane: Plane, trade: ReportedTrade): void {
  const { context } = plane;
  context.fillStyle = faded(colourOf(plane, trade), 0.85);
  context.beginPath();
  context.arc(plane.x(trade.entryMs), plane.y(trade.fillPrice), 1.7, 0, 2 * Math.PI);
  context.fill();
}

function drawTradeMarks(plane: Plane, trade: ReportedTrade, opacity: number, size: number): void {
  const { context, theme } = plane;
  const middle = plane.candleWidth / 2;
  const x = plane.x(trade.entryMs) + middle;
  const y = plane.y(trade.fillPrice);
  const colour = faded(colourOf(plane, trade), opacity);
  context.lineWidth = size > 5 ? 2 : 1;
  context.strokeStyle = colour;
  if (trade.exit !== null) {
    const exitX = plane.x(trade.exit.timeMs) + middle;
    const exitY = plane.y(trade.exit.price);
    context.setLineDash([2, 3]);
    line(context, x, y, exitX, exitY);
    context.setLineDash([]);
    const arm = size * 0.6;
    line(context, exitX - arm, exitY - arm, exitX + arm, exitY + arm);
    line(context, exitX - arm, exitY + arm, exitX + arm, exitY - arm);
  }
  // A long points up from below its price, a short down from above: the side shows without its colour.
  const direction = trade.side === "LONG" ? 1 : -1;
  context.beginPath();
  context.moveTo(x, y + direction * 2);
  context.lineTo(x - size, y + direction * (2 + 1.7 * size));
  context.lineTo(x + size, y + direction * (2 + 1.7 * size));
  context.closePath();
  context.fillStyle = faded(size > 5 ? theme.accent : colourOf(plane, trade), opacity);
  context.fill();
  if (size > 5) {
    context.lineWidth = 1.5;
    context.strokeStyle = theme.background;
    context.stroke();
  }
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
