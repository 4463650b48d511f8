/** A part of the monthly bill. */
export interface CostLine {
  readonly part: string;
  /** How the amount is computed. */
  readonly how: string;
  /** US dollars a month. */
  readonly usd: number;
}
