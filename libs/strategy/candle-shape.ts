/** What makes a candle one of rejection. */
export interface CandleShape {
  /** A body must be more than this fraction of the open. Not negative. */
  readonly minimumBody: number;
  /** Hammer and shooting star: the long shadow is more than this many bodies. */
  readonly longShadow: number;
  /** And the short shadow less than this many. */
  readonly shortShadow: number;
}

/** A rising body that closes above the low before, or a hammer. */
export function isBullishCandle(
  open: number,
  high: number,
  low: number,
  close: number,
  lowBefore: number,
  shape: CandleShape,
): boolean {
  if (isBody(close - open, open, shape.minimumBody) && close > lowBefore) return true;
  const body = Math.abs(close - open);
  return (
    Math.min(open, close) - low > shape.longShadow * body &&
    high - Math.max(open, close) < shape.shortShadow * body
  );
}

/** A falling body that closes below the high before, or a shooting star. */
export function isBearishCandle(
  open: number,
  high: number,
  low: number,
  close: number,
  highBefore: number,
  shape: CandleShape,
): boolean {
  if (isBody(open - close, open, shape.minimumBody) && close < highBefore) return true;
  const body = Math.abs(close - open);
  return (
    high - Math.max(open, close) > shape.longShadow * body &&
    Math.min(open, close) - low < shape.shortShadow * body
  );
}

/** `move / open > minimum`. A product with a hair of slack refuses most candles without waiting for a division. */
function isBody(move: number, open: number, minimum: number): boolean {
  return move >= open * minimum * (1 - 1e-9) && move / open > minimum;
}

/**
 * 1 when a candle can be bullish, else 0: for a gate, which counts without branches. Says 1 a hair too often, never
 * too rarely.
 */
export function mayBeBullish(
  open: number,
  high: number,
  low: number,
  close: number,
  shape: CandleShape,
): number {
  const body = Math.abs(close - open);
  const slack = open * 1e-9;
  const below = (open + close - body) * 0.5 - low;
  const above = high - (open + close + body) * 0.5;
  return +(close - open >= open * shape.minimumBody - slack) | mayReject(below, above, body, slack, shape);
}

/** The same for a bearish candle. */
export function mayBeBearish(
  open: number,
  high: number,
  low: number,
  close: number,
  shape: CandleShape,
): number {
  const body = Math.abs(close - open);
  const slack = open * 1e-9;
  const below = (open + close - body) * 0.5 - low;
  const above = high - (open + close + body) * 0.5;
  return +(open - close >= open * shape.minimumBody - slack) | mayReject(above, below, body, slack, shape);
}

function mayReject(long: number, short: number, body: number, slack: number, shape: CandleShape): number {
  return +(long >= shape.longShadow * body - slack) & +(short <= shape.shortShadow * body + slack);
}
