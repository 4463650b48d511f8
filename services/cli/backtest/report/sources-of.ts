import { basename } from "node:path";
import { coverageLines } from "../../shared/coverage-text.ts";
import type { DataFiles } from "../../shared/load-data.ts";
import { rulesLines } from "../../shared/rules-text.ts";
import type { BacktestOutcome } from "../backtest-outcome.ts";

/** What a backtest rests on and what it had to do without, as sentences for the page. */
export function sourcesOf(
  files: DataFiles,
  { data, rules, tick, symbol }: BacktestOutcome,
): readonly string[] {
  const { btc, funding, detail } = files;
  const named = (series: string, path: string | undefined): string[] =>
    path === undefined ? [] : [`${series} from ${basename(path)}.`];
  const [, ...origins] = rulesLines(rules, tick);
  return [
    `Candles from ${files.candles.map((path) => basename(path)).join(", ")}.`,
    ...named("BTC", btc),
    ...named("Funding rates", funding),
    ...named("Detail candles", detail),
    ...coverageLines(data.coverage, symbol).map(sentence),
    ...origins.map(sentence),
    ...data.notes.map(sentence),
  ];
}

function sentence(line: string): string {
  return `${line}.`;
}
