import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { openTimeMs } from "#libs/candles/candles.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { runBacktest } from "#services/cli/backtest/run-backtest.ts";
import { candleFileText } from "#test/support/factories/candle-file.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { withoutSummaries } from "#test/support/without-summaries.ts";

const folder = mkdtempSync(path.join(tmpdir(), "backtest-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEADER = "start_ms,open,high,low,close,volume,turnover";

function madeLines(length: number): string[] {
  const { open, high, low, close, volume, ...candles } = madeCandles({
    length,
    seed: 21,
    volatilityPercent: 0.15,
  });
  const series = { open, high, low, close, volume, ...candles };
  return Array.from({ length }, (_, i) =>
    [openTimeMs(series, i), open[i], high[i], low[i], close[i], volume[i], ""].join(","),
  );
}
const LINES = madeLines(3_000);
const WHOLE = `${[HEADER, ...LINES].join("\n")}\n`;
let files = 0;

function write(content: string | Buffer): string {
  const file = path.join(folder, `candles-${files++}.csv`);
  writeFileSync(file, content);
  return file;
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
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

function backtestOf(content: string | Buffer, ...more: string[]) {
  return run("--candles", write(content), "--symbol", "MADEUSDT", "--timeframe", "5m", ...more);
}

/** The made file with one line (1 is the header) replaced; null removes it. */
function withLine(line: number, text: string | null): string {
  const lines = [HEADER, ...LINES];
  lines.splice(line - 1, 1, ...(text === null ? [] : [text]));
  return lines.join("\n");
}

function fieldsOf(line: number): string[] {
  return (LINES[line - 2] ?? "").split(",");
}

function withField(line: number, field: number, text: string): string {
  return withLine(line, fieldsOf(line).with(field, text).join(","));
}

describe("backtest --json", () => {
  it("prints one object with the figures of both strategies", async () => {
    const { code, out, err } = await backtestOf(WHOLE, "--json");
    expect({ code, err: withoutSummaries(err) }).toEqual({ code: 0, err: "" });
    const result = JSON.parse(out);
    expect(Object.keys(result).sort()).toEqual(
      [
        ...["symbol", "timeframe", "candles", "from_time", "to_time", "best_strategy", "strategies"],
        ...["rules", "coverage", "notes"],
      ].sort(),
    );
    expect(Object.keys(result.strategies)).toEqual(["BASIC", "ADVANCED"]);
    expect(result.to_time - result.from_time).toBe(result.candles * 300_000);
  });

  it("reads the same from gzip, CRLF, a BOM, no last newline and exponents", async () => {
    const { out } = await backtestOf(WHOLE, "--json");
    const exponent = Number(fieldsOf(3)[0]).toExponential();
    const same = [
      gzipSync(WHOLE),
      WHOLE.replaceAll("\n", "\r\n"),
      `\ufeff${WHOLE}`,
      WHOLE.trimEnd(),
      withField(3, 0, exponent),
    ];
    for (const content of same) expect((await backtestOf(content, "--json")).out).toBe(out);
  });

  it("backtests one strategy when asked", async () => {
    const { out } = await backtestOf(WHOLE, "--json", "--strategy", "BASIC");
    expect(Object.keys(JSON.parse(out).strategies)).toEqual(["BASIC"]);
  });
});

describe("backtest for people", () => {
  it("says what the trade that is still open would give at the last close", async () => {
    const far = ["--stop-loss-percent", "8", "--take-profit-percent", "20", "--strategy", "BASIC"];
    const market = madeCandles({ length: 3_000, seed: 5, intervalMs: 300_000, volatilityPercent: 0.3 });
    const all = JSON.parse((await backtestOf(candleFileText(market), "--json", ...far)).out);
    const { exit_time: exitMs } = all.strategies.BASIC.trades.at(-1);
    expect(all.strategies.BASIC).toMatchObject({ open_trade: null, open_trade_worth: null });
    // Up to the candle before the one in which the last trade ended.
    const cut = candleFileText(sliceCandles(market, 0, (exitMs - market.startMs) / market.intervalMs));
    const found = JSON.parse((await backtestOf(cut, "--json", ...far)).out);
    const { open_trade: open, open_trade_worth: worth } = found.strategies.BASIC;
    expect(worth.time).toBe(exitMs);
    const direction = open.side === "LONG" ? 1 : -1;
    const exit = worth.price * (1 - direction * 0.0001);
    const quantity = 1000 / open.fill_price;
    expect(worth.gross_pnl).toBeCloseTo(direction * quantity * (exit - open.fill_price), 9);
    expect(worth.fees).toBeCloseTo(0.00055 * quantity * (exit + open.fill_price), 9);
    expect(worth.net_pnl).toBeCloseTo(worth.gross_pnl - worth.fees, 9);
    const { out } = await backtestOf(cut, ...far);
    expect(out).toMatch(/BASIC, still open \(in no figure\), marked to the last close/);
    const shown = `${worth.net_pnl < 0 ? "-" : ""}$${Math.abs(worth.net_pnl).toFixed(2)}`;
    expect(out.split("still open")[1]).toContain(shown);
  });

  it("prints a table with both strategies", async () => {
    const { code, out } = await backtestOf(WHOLE);
    expect(code).toBe(0);
    for (const text of ["MADEUSDT 5m", "BASIC", "ADVANCED", "Win rate", "Max drawdown"])
      expect(out).toContain(text);
  });
});

const timeOf = (line: number): string => fieldsOf(line)[0] ?? "";
const BROKEN: readonly (readonly [what: string, content: string | Buffer, reason: RegExp])[] = [
  ["a hole", withLine(500, null), new RegExp(`line 500.*${timeOf(500)}`)],
  [
    "a time of another row",
    withField(500, 0, timeOf(300)),
    /line 500: .*duplicate of line 300, and they differ/,
  ],
  ["a row in place of another", withLine(501, LINES[498] ?? ""), /1 gap, 1 candle missing: line 502/],
  ["a misaligned time", withField(500, 0, String(Number(timeOf(500)) + 1)), /line 500/],
  ["text in a number", withField(70, 4, "12x"), /line 70: close .*12x/],
  ["Infinity", withField(70, 2, "Infinity"), /line 70: high/],
  ["NaN", withField(70, 3, "NaN"), /line 70: low/],
  ["hex", withField(70, 1, "0x10"), /line 70: open/],
  ["an overflow", withField(70, 5, "1e999"), /line 70: volume/],
  ["an empty field", withField(70, 1, ""), /line 70: open is empty/],
  ["high below low", withField(70, 2, "0.5"), /line 70: high 0.5 is below low/],
  ["a zero price", withField(70, 3, "0"), /line 70: low must be above zero/],
  ["a negative volume", withField(70, 5, "-1"), /line 70: volume must not be negative/],
  ["too few columns", withLine(70, "1,2,3"), /line 70: .*3 fields/],
  ["too many columns", withLine(70, `${LINES[68]},1`), /line 70: .*8 fields/],
  ["a blank line in place of a row", withLine(70, ""), /1 gap, 1 candle missing: line 71/],
  [
    "a header without volume",
    WHOLE.replace("volume", "amount"),
    /line 1: the header has no column for volume/,
  ],
  ["no table", "one\ntwo\n", /line 1: there is neither a header nor a row of numbers/],
  ["nothing", "", /empty/],
  ["a header alone", HEADER, /no row/],
  ["one candle alone", [HEADER, LINES[0]].join("\n"), /one candle alone/],
  ["times since another year", `${HEADER}\n748538,1,1,1,1,1,\n748598,1,1,1,1,1,`, /milliseconds since 1970/],
  ["a truncated gzip", gzipSync(WHOLE).subarray(0, 3_000), /cut off/],
  ["a binary file", Buffer.alloc(100_000, 7), /line 1/],
];

describe("broken files", () => {
  for (const [what, content, reason] of BROKEN) {
    it(`with ${what} are refused with the place and the reason, and nothing on standard output`, async () => {
      const { code, out, err } = await backtestOf(content, "--json");
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toMatch(reason);
      expect(err.trim().split("\n")).toHaveLength(1);
    });
  }

  it("are named when they are BTC's or the funding's", async () => {
    const btc = write(withLine(500, null));
    const funding = write("funding_ms,rate\n1748563200000,0.0001\n1748563200000,0.0002\n");
    for (const [option, file] of [
      ["--btc", btc],
      ["--funding", funding],
    ] as const) {
      const { code, out, err } = await backtestOf(WHOLE, option, file);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain(file);
    }
  });
});

describe("arguments", () => {
  it.each([
    ["an unknown timeframe", ["--symbol", "MADEUSDT", "--timeframe", "7m"]],
    ["a timeframe the base does not divide", ["--symbol", "MADEUSDT", "--timeframe", "3m"]],
    ["an unknown strategy", ["--symbol", "MADEUSDT", "--timeframe", "30m", "--strategy", "MAGIC"]],
    ["a symbol in small letters", ["--symbol", "btcusdt", "--timeframe", "30m"]],
    ["no symbol", ["--timeframe", "30m"]],
    ["an unknown option", ["--symbol", "MADEUSDT", "--timeframe", "30m", "--fast"]],
  ])("are refused with exit code 2: %s", async (_, args) => {
    const fives = LINES.filter((_line, i) => i % 5 === 0);
    const { code, out, err } = await run("--candles", write([HEADER, ...fives].join("\n")), ...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).not.toBe("");
  });

  it("are refused when there is no such file", async () => {
    const { code, err } = await run(
      "--candles",
      path.join(folder, "none.csv"),
      "--symbol",
      "AUSDT",
      "--timeframe",
      "5m",
    );
    expect(code).toBe(2);
    expect(err).toMatch(/no such file/);
  });
});

describe("the command", () => {
  it("exits with 2 and a silent standard output as a process", async () => {
    const args = [
      "--import",
      "tsx",
      "services/cli/backtest/main.ts",
      "--symbol",
      "AUSDT",
      "--timeframe",
      "5m",
      "--candles",
    ];
    const good = await promisify(execFile)(process.execPath, [...args, write(WHOLE), "--json"]);
    expect(JSON.parse(good.stdout).symbol).toBe("AUSDT");
    const bad = promisify(execFile)(process.execPath, [...args, write("")]);
    await expect(bad).rejects.toMatchObject({ code: 2, stdout: "" });
  });
});
