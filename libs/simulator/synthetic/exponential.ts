/**
 * e to the x with operations that give the same bits on every machine (see random.ts).
 * Relative error below 1e-15 for |x| < 700.
 */
export function exponential(x: number): number {
  const doublings = Math.round(x / Math.LN2);
  const rest = x - doublings * Math.LN2;
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 14; n++) {
    term = (term * rest) / n;
    sum += term;
  }
  let scale = 1;
  const factor = doublings < 0 ? 0.5 : 2;
  for (let n = Math.abs(doublings); n > 0; n--) scale *= factor;
  return sum * scale;
}

/** e to a small x (|x| < 0.1): four terms, an error below 1e-7 of the price, used within an hour. */
export function smallExponential(x: number): number {
  return 1 + x * (1 + x * (0.5 + x * (1 / 6 + x * (1 / 24))));
}
