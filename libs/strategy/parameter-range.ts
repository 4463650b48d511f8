/** Where a search may look for a better value of one number among a strategy's parameters. */
export interface ParameterRange {
  /** Path in the strategy's defaults, groups joined by a point: `trend.threshold`. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Above 0. The default lies on a step, so that what is traded today is among what is tried. */
  readonly step: number;
  /** Only whole numbers make sense: it counts something. */
  readonly whole?: boolean;
  /** What it does, for people. */
  readonly description: string;
}
