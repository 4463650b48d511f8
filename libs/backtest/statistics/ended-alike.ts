/** See `endedAlike`: a fraction of the mean. */
const ALIKE = 0.05;

/**
 * Whether the trades have practically equal results. Their spread comes from costs and says nothing about the risk
 * that none of them has shown: by it four wins of four would be skill beyond any doubt.
 * @param mean result of the mean trade, USDT.
 * @param deviation standard deviation of a trade's result, USDT.
 */
export function endedAlike(mean: number, deviation: number): boolean {
  return deviation < ALIKE * Math.abs(mean);
}
