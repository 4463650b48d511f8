import type { ConfluenceZone } from "#libs/strategy/indicators/confluence-zones.ts";
import type { ReportedTrade } from "../report-data.ts";
import type { FibonacciLevel } from "../zones-of.ts";
import { drawLabel, lifeEnd } from "./draw-trade.ts";
import type { Plane } from "./plane.ts";
import { faded } from "./theme.ts";

const LABEL_HEIGHT = 13;

/**
 * The zones known at a trade's signal: full from the signal to the exit, faint before it, where they came from,
 * and not at all after it, because they had changed by then.
 */
export function drawZones(plane: Plane, trade: ReportedTrade, zones: readonly ConfluenceZone[]): void {
  const { context, theme } = plane;
  const signal = plane.x(trade.signalMs);
  const end = Math.max(signal + 2, lifeEnd(plane, trade));
  for (const zone of zones) {
    const top = plane.y(zone.high);
    const bottom = plane.y(zone.low);
    const height = Math.max(2, bottom - top);
    if (!(top < plane.height && bottom > 0)) continue;
    const strength = 0.06 + 0.045 * zone.frames.length;
    context.fillStyle = faded(theme.zone, strength);
    context.fillRect(0, top, signal, height);
    context.fillStyle = faded(theme.zone, strength * 2);
    context.fillRect(signal, top, end - signal, height);
  }
}

/** How many frames make each zone, and its price: above the candles, to be read. */
export function drawZoneLabels(plane: Plane, zones: readonly ConfluenceZone[]): void {
  const labels = zones.map((zone) => ({
    text: `${zone.frames.length} frames ${zone.price.toFixed(plane.decimals)}`,
    y: (plane.y(zone.high) + plane.y(zone.low)) / 2,
    weight: zone.frames.length,
  }));
  drawLabels(plane, labels, plane.theme.zone, 6);
}

/** Single levels, dotted. */
export function drawLevels(plane: Plane, trade: ReportedTrade, levels: readonly FibonacciLevel[]): void {
  const { context, theme } = plane;
  const end = Math.max(plane.x(trade.signalMs) + 2, lifeEnd(plane, trade));
  context.strokeStyle = faded(theme.level, 0.65);
  context.lineWidth = 1;
  context.setLineDash([1, 3]);
  for (const { price } of levels) {
    const y = Math.round(plane.y(price)) + 0.5;
    if (!(y > 0 && y < plane.height)) continue;
    context.beginPath();
    context.moveTo(0, y);
    context.lineTo(end, y);
    context.stroke();
  }
  context.setLineDash([]);
}

/** The ratio and frame of each level, where there is room. */
export function drawLevelLabels(plane: Plane, levels: readonly FibonacciLevel[]): void {
  const labels = levels.map(({ frame, ratio, price }) => ({
    text: `${ratio} of ${frame}`,
    y: plane.y(price),
    weight: 0,
  }));
  drawLabels(plane, labels, plane.theme.level, 130);
}

interface Label {
  readonly text: string;
  readonly y: number;
  readonly weight: number;
}

/** The weightiest labels first; one that would cover another is left out. */
function drawLabels(plane: Plane, labels: readonly Label[], colour: string, x: number): void {
  const drawn: number[] = [];
  plane.context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  for (const { text, y } of [...labels].sort((a, b) => b.weight - a.weight)) {
    if (!(y > 0 && y < plane.height) || drawn.some((other) => Math.abs(other - y) < LABEL_HEIGHT)) continue;
    drawn.push(y);
    // The library's own mark is in the lower left corner.
    drawLabel(plane, text, y > plane.height - 42 ? Math.max(x, 62) : x, y, colour);
  }
}
