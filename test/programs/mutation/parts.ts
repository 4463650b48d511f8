/** Code that is mutated together, and the tests that must notice: those of this code, for what others run by the way, they do not state. */
export interface Part {
  readonly name: string;
  /** The code of these folders, without the folders inside. */
  readonly folders: readonly string[];
  readonly tests: RegExp;
}

/** The pure core, one part a folder. */
export const PARTS: readonly Part[] = [
  {
    name: "strategy",
    folders: ["libs/candles", "libs/strategy", "libs/strategy/indicators", "libs/strategy/engine"],
    // Not the comparisons over whole markets and over ten years of candles, which take longer than all else together.
    tests: /^test\/libs\/(candles|strategy)\/(?!reference|indicators\/exactness).*\.test\.ts$/,
  },
  {
    name: "trades",
    folders: ["libs/trading", "libs/backtest", "libs/backtest/engine"],
    // Not the recorded markets, as the rules must hold where there are none, nor the test that starts a process.
    tests: /^test\/libs\/(trading|backtest|backtest\/engine)\/(?!golden|heap)[^/]*\.test\.ts$/,
  },
  {
    name: "statistics",
    folders: ["libs/backtest/statistics"],
    tests: /^test\/libs\/backtest\/statistics\/.*\.test\.ts$/,
  },
  {
    name: "verification",
    folders: ["libs/backtest/verification"],
    tests: /^test\/libs\/backtest\/verification\/.*\.test\.ts$/,
  },
  {
    name: "search",
    folders: ["libs/backtest/search"],
    tests: /^test\/libs\/backtest\/search\/.*\.test\.ts$/,
  },
];
