/**
 * Money and percentages as items hold them. `toFixed` rounds the exact binary value, where multiplying by 100
 * first would round twice; adding 0 turns -0 into 0. NaN and infinities pass through and are refused by the
 * schema behind it.
 */
export function twoDecimals(value: number): number {
  return Number(value.toFixed(2)) + 0;
}

/** The same where the figure may be undefined. */
export function twoDecimalsOrNull(value: number | null): number | null {
  return value === null ? null : twoDecimals(value);
}
