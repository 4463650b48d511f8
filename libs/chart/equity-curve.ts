/** A point of an equity curve: the state when the interval that begins here has ended. Amounts in USDT. */
export interface EquityPoint {
  readonly timeMs: number;
  /** Cumulated result of the closed trades. */
  readonly equity: number;
  /** Deepest fall from the highest equity so far (at least 0) seen within the interval; 0 or negative. */
  readonly drawdown: number;
}

interface Exit {
  readonly timeMs: number;
  readonly net: number;
}

/**
 * The curve on an even grid of time, so that a quiet month looks as long as a busy one. The deepest drawdown of
 * all survives any grid; an equity that lasts less than one interval does not.
 * @param exits ascending
 * @param points at most this many
 */
export function equityCurve(
  fromMs: number,
  toMs: number,
  exits: readonly Exit[],
  points: number,
): readonly EquityPoint[] {
  // Whole seconds, for that is what the chart counts in.
  const stepMs = Math.max(1000, Math.ceil((toMs - fromMs) / points / 1000) * 1000);
  const curve: EquityPoint[] = [];
  let next = 0;
  let equity = 0;
  let peak = 0;
  for (let timeMs = fromMs; timeMs < toMs; timeMs += stepMs) {
    let drawdown = equity - peak;
    for (; next < exits.length && (exits[next]?.timeMs ?? 0) < timeMs + stepMs; next++) {
      equity += exits[next]?.net ?? 0;
      peak = Math.max(peak, equity);
      drawdown = Math.min(drawdown, equity - peak);
    }
    curve.push({ timeMs, equity, drawdown });
  }
  return curve;
}
