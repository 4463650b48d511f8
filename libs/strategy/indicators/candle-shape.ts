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
