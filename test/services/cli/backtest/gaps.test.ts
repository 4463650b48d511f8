import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runBacktest } from "#services/cli/backtest/run-backtest.ts";
import { candleFileText } from "#test/support/factories/candle-file.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";

const folder = mkdtempSync(join(tmpdir(), "backtest-gaps-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [HEADER = "", ...LINES] = candleFileText(
  madeCandles({ length: 6_000, intervalMs: 300_000, seed: 21, volatilityPercent: 0.5 }),
)
  .trim()
  .split("\n");
/** The lines of the parts that two gaps leave. */
const PARTS = [LINES.slice(0, 2_500), LINES.slice(2_510, 4_000), LINES.slice(4_300)];

async function backtest(lines: readonly string[], ...more: readonly string[]) {
  const path = join(folder, "candles.csv");
  writeFileSync(path, `${[HEADER, ...lines].join("\n")}\n`);
  let out = "";
  let err = "";
  const args = ["--candles", path, "--symbol", "MADEUSDT", "--timeframe", "5m", ...more];
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

describe("candles with gaps", () => {
  it("are refused with all gaps counted, unless they may be split", async () => {
    const { code, out, err } = await backtest(PARTS.flat(), "--json");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(
      /2 gaps, 310 candles missing: line 2502: 10 from .*, line 3992: 300 from .*--gaps split/,
    );
  });

  it("are backtested part by part, and the trades are those of the parts alone", async () => {
    const { code, out } = await backtest(PARTS.flat(), "--json", "--gaps", "split");
    expect(code).toBe(0);
    const whole = JSON.parse(out);
    expect(whole.segments).toHaveLength(3);
    for (const name of ["BASIC", "ADVANCED"]) {
      const trades: unknown[] = [];
      for (const [k, part] of PARTS.entries()) {
        const alone = JSON.parse((await backtest(part, "--json")).out);
        const { total_trades, total_pnl, open_trade } = alone.strategies[name];
        expect(whole.segments[k]).toMatchObject({ from_time: alone.from_time, to_time: alone.to_time });
        expect(whole.segments[k].strategies[name]).toMatchObject({ total_trades, total_pnl, open_trade });
        trades.push(...alone.strategies[name].trades);
      }
      expect(whole.strategies[name].trades).toEqual(trades);
      expect(whole.strategies[name].total_trades).toBe(trades.length);
    }
    expect(whole.strategies.BASIC.total_trades).toBeGreaterThan(0);
    expect(whole.candles).toBe(PARTS.flat().length);
  });

  it("are shown part by part, and have no page", async () => {
    const { out } = await backtest(PARTS.flat(), "--gaps", "split");
    expect(out).toContain("3 parts between gaps, each traded on its own");
    const page = await backtest(PARTS.flat(), "--gaps", "split", "--report", join(folder, "page.html"));
    expect(page).toMatchObject({ code: 2, out: "" });
    expect(page.err).toMatch(/choose a part with --from and --to/);
  });
});
