/**
 * Money and percentages as items store them. `toFixed` rounds the exact binary value, whereas multiplying by 100 first
 * would round twice; adding 0 turns -0 into 0. NaN and infinities pass through, and the schema rejects them.
 */
export function twoDecimals(value: number): number {
  return Number(value.toFixed(2)) + 0;
}

/** The same where the figure may be undefined. */
export function twoDecimalsOrNull(value: number | null): number | null {
  return value === null ? null : twoDecimals(value);
}
