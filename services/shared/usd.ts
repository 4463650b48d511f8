/** Formats an amount in dollars: $679.20, -$3.50. */
export function usd(amount: number): string {
  return `${amount < 0 ? "-" : ""}$${Math.abs(amount).toFixed(2)}`;
}
