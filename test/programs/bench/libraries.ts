/**
 * What a TypeScript user would take instead, over the same candles and for the same results: times of both in turn in
 * one process, and their ratio. `npm run bench:libraries` (the first time it installs the libraries, exact versions,
 * under `node_modules/.cache`). Exit code 1 when results differ or the fastest library is not ten times slower.
 */

import { print } from "#libs/terminal/terminal.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import type { Comparison } from "./comparison.ts";
import { grademarkComparison } from "./grademark-comparison.ts";
import { indicatorColumns } from "./indicator-columns.ts";
import {
  columnsComparison,
  type IndicatorLibrary,
  indicatorTs,
  signalsComparison,
  technicalIndicators,
  tradingSignals,
} from "./indicator-comparison.ts";
import { installedLibrary, type Packages } from "./installed-library.ts";
import { timeInTurn } from "./rounds.ts";

const TARGET_RATIO = 10;
const ROUNDS = 31;
/** A month of minutes. */
const candles = madeCandles({ length: 44_000, seed: 1 });

type Modules = Readonly<Record<string, unknown>>;

const indicators =
  (name: string, use: (module: unknown) => IndicatorLibrary) =>
  (modules: Modules): readonly Comparison[] => {
    const library = use(modules[name]);
    return [columnsComparison(library, candles), signalsComparison(library, candles)];
  };

const LIBRARIES: readonly { packages: Packages; compare(modules: Modules): readonly Comparison[] }[] = [
  {
    // grademark requires chai without declaring it.
    packages: { grademark: "0.3.0", "data-forge": "1.10.5", chai: "4.2.0" },
    compare: (modules) => {
      const columns = indicatorColumns(candles.close, candles.startMs / candles.intervalMs);
      return [grademarkComparison(modules, candles, columns)];
    },
  },
  {
    packages: { technicalindicators: "3.1.0" },
    compare: indicators("technicalindicators", technicalIndicators),
  },
  { packages: { "trading-signals": "8.3.0" }, compare: indicators("trading-signals", tradingSignals) },
  { packages: { indicatorts: "2.2.2" }, compare: indicators("indicatorts", indicatorTs) },
];
/** No version of it can be installed beside which a comparison could have been written and checked. */
const NOT_INSTALLABLE: Packages = { "backtest-kit": "19.5.0", typescript: "5.9.3" };

const perCandle = (milliseconds: number): string => ((milliseconds * 1e6) / candles.length).toFixed(1);
const fastest = new Map<string, { name: string; ratio: number; hasTarget: boolean }>();

print(`${candles.length} candles, ${ROUNDS} rounds in turn, ns a candle: median (least)\n`);
for (const { packages, compare } of LIBRARIES) {
  const [[name, version] = ["", ""]] = Object.entries(packages);
  const library = await installedLibrary(packages);
  if (library.kind === "refused") {
    print(`\n${name} ${version}: not compared, it cannot be installed: ${library.reason}\n`);
    process.exitCode = 1;
    continue;
  }
  for (const { work, agreed, hasTarget, ours, theirs } of compare(library.modules)) {
    const [own, other] = timeInTurn([ours, theirs], ROUNDS);
    if (own === undefined || other === undefined) continue;
    // By the least times: what else the machine does segments the longer job more, and a round without a collection
    // of garbage is in favour of those that make it.
    const ratio = other.least / own.least;
    const before = fastest.get(work);
    if (before === undefined || ratio < before.ratio) fastest.set(work, { name, ratio, hasTarget });
    print(`\n${name} ${version}: ${work}\n  ${agreed}\n`);
    print(`  ${name} ${perCandle(other.median)} (${perCandle(other.least)}), `);
    print(`engine ${perCandle(own.median)} (${perCandle(own.least)}): `);
    print(`${ratio.toFixed(1)} times, by medians ${(other.median / own.median).toFixed(1)}\n`);
  }
}
const [[missing, missingVersion] = ["", ""]] = Object.entries(NOT_INSTALLABLE);
const other = await installedLibrary(NOT_INSTALLABLE);
print(
  `\n${missing} ${missingVersion}: not compared, ${
    other.kind === "refused"
      ? `it cannot be installed: ${other.reason}`
      : "it could not be installed when the others were, and no comparison with it has been written"
  }\n`,
);
print(`\nAgainst the fastest for the same work, by the least times:\n`);
for (const [work, { name, ratio, hasTarget }] of fastest) {
  const verdict = ratio >= TARGET_RATIO ? "met" : "MISSED";
  const target = hasTarget ? `at least ${TARGET_RATIO}: ${verdict}` : "no target";
  print(`  ${ratio.toFixed(1)} times ${name}: ${work} (${target})\n`);
  if (hasTarget && ratio < TARGET_RATIO) process.exitCode = 1;
}
