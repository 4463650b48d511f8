/** Code that is mutated together, and the tests that must notice: those of this code, for what others run by the way, they do not state. */
export interface Part {
  readonly name: string;
  readonly folder: string;
  /** Whether the folders inside belong to it. */
  readonly deep: boolean;
  readonly tests: RegExp;
}

/** The pure core, one part a folder. */
export const PARTS: readonly Part[] = [
  {
    name: "strategy",
    folder: "libs/strategy",
    deep: true,
    // Not the comparisons over whole markets and over ten years of candles, which take longer than all else together.
    tests: /^test\/strategy\/(?!reference|exactness).*\.test\.ts$/,
  },
  {
    name: "trades",
    folder: "libs/backtest",
    deep: false,
    // Not the recorded markets, as the rules must hold where there are none, nor the test that starts a process.
    tests:
      /^test\/backtest\/(?!golden|heap|statistics|search|verification|observe|market-changes)[^/]*\.test\.ts$/,
  },
  {
    name: "statistics",
    folder: "libs/backtest/statistics",
    deep: true,
    tests: /^test\/backtest\/statistics.*\.test\.ts$/,
  },
  {
    name: "verification",
    folder: "libs/backtest/verification",
    deep: true,
    tests: /^test\/backtest\/(verification|observe|market-changes).*\.test\.ts$/,
  },
  {
    name: "search",
    folder: "libs/backtest/search",
    deep: true,
    tests: /^test\/backtest\/search.*\.test\.ts$/,
  },
];
