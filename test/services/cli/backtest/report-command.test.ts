import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openTimeMs } from "#libs/candles/candles.ts";
import type { ReportData } from "#libs/chart/report-data.ts";
import { runBacktest } from "#services/cli/backtest/run-backtest.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { withoutSummaries } from "#test/support/without-summaries.ts";

const folder = mkdtempSync(path.join(tmpdir(), "report-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CANDLES = path.join(folder, "made.csv");
{
  const series = madeCandles({ length: 20_000, seed: 21, volatilityPercent: 0.12 });
  const lines = Array.from({ length: series.length }, (_, i) =>
    [
      openTimeMs(series, i),
      ...[series.open, series.high, series.low, series.close, series.volume].map((column) => column[i]),
      "",
    ].join(","),
  );
  writeFileSync(CANDLES, ["start_ms,open,high,low,close,volume,turnover", ...lines].join("\n"));
}

async function run(...more: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const args = ["--candles", CANDLES, "--symbol", "MADEUSDT", "--timeframe", "5m", ...more];
  const code = await runBacktest(args, {
    print: (text) => {
      out += text;
    },
    printError: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

/** The data inside a page, as the page itself reads it. */
function dataOf(file: string): ReportData {
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(readFileSync(file, "utf8"));
  // Its shape is what `reportPage` writes; the assertions below read it.
  return JSON.parse(json?.[1] ?? "null") as ReportData;
}

describe("backtest --report", () => {
  it("writes a page with the trades and figures of the JSON, and prints what it prints without", async () => {
    const file = path.join(folder, "report.html");
    const without = await run("--json");
    const { code, out, err } = await run("--json", "--report", file);
    expect({ code, out, err: withoutSummaries(err) }).toEqual({
      code: 0,
      out: without.out,
      err: `report: ${file}\n`,
    });
    const json = JSON.parse(out);
    const data = dataOf(file);
    expect(data.strategies.map(({ name }) => name)).toEqual(Object.keys(json.strategies));
    let trades = 0;
    for (const strategy of data.strategies) {
      const expected = json.strategies[strategy.name];
      expect(strategy.figures.totalPnl).toBe(expected.total_pnl);
      expect(strategy.trades.flatMap(({ exit }) => (exit === null ? [] : [exit.net]))).toEqual(
        expected.trades.map((trade: { net_pnl: number }) => trade.net_pnl),
      );
      expect(strategy.statistics?.trials).toBe(2);
      trades += expected.trades.length;
    }
    expect(trades).toBeGreaterThan(5);
    expect(data.hold).not.toBeNull();
  });

  it("prints the trader's summary beside the page", async () => {
    const file = path.join(folder, "summary.html");
    const { code, out } = await run("--report", file);
    expect({ code, out }).toEqual({ code: 0, out: `${(await run()).out}\nReport: ${file}\n` });
    expect(existsSync(file)).toBe(true);
  });

  it("says in the page what it was made from, and what was missing", async () => {
    const file = path.join(folder, "sources.htm");
    await run("--report", file, "--btc", CANDLES);
    const { sources } = dataOf(file);
    expect(sources).toEqual([
      "Candles from made.csv.",
      "BTC from made.csv.",
      "BTC: 13.9 of 13.9 days (100 %).",
      "Funding: not given, sentiment counts as neutral and the cost is unknown.",
      "Fibonacci frame without a full window: 1d/30d; live has all five.",
      "Levels: exact, no tick size was given.",
    ]);
    expect(dataOf(file).isFundingKnown).toBe(false);
  });

  it.each([
    ["a name that could be a file of candles", CANDLES],
    ["a folder that does not exist", path.join(folder, "nowhere", "report.html")],
  ])("refuses %s, with nothing on standard output", async (_, file) => {
    const before = readFileSync(CANDLES, "utf8");
    const { code, out, err } = await run("--report", file);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(file);
    expect(readFileSync(CANDLES, "utf8")).toBe(before);
  });
});
