const TICK = /^(\d+)(?:\.(\d+))?(?:e-(\d+))?$/i;

/**
 * The multiple of the tick nearest to a price, as the double that prints with the tick's decimals: 0.1 + 0.2
 * with tick "0.10" is 0.3, without the noise of binary fractions.
 * @param tickSize as the exchange prints it: "0.10", "0.00005", "5", "1e-7".
 * @throws RangeError when it is not a positive decimal number.
 */
export function roundToTick(price: number, tickSize: string): number {
  const parts = TICK.exec(tickSize.trim());
  const tick = Number(tickSize);
  if (parts === null || !(tick > 0)) {
    throw new RangeError(
      `expected a positive decimal tick size such as 0.10, not ${JSON.stringify(tickSize)}`,
    );
  }
  const decimals = (parts[2] ?? "").length + Number(parts[3] ?? 0);
  return Number((Math.round(price / tick) * tick).toFixed(decimals));
}
